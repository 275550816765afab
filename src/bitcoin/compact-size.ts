/** CompactSize: Bitcoin's variable-length integers. */

import type { ByteReader } from "../core/byte-reader.ts";
import type { ByteWriter } from "../core/byte-writer.ts";
import { BitcoinError } from "./errors.ts";

/** @throws {BitcoinError} for more than 32 bits or for a longer form than the value needs. */
export function readCompactSize(reader: ByteReader): number {
  const first = reader.u8();
  if (first < 0xfd) return first;
  if (first === 0xff) throw new BitcoinError("malformed-transaction", "a CompactSize has more than 32 bits");
  const value = first === 0xfd ? reader.u16() : reader.u32();
  const shortest = first === 0xfd ? 0xfd : 0x10000;
  if (value < shortest) throw new BitcoinError("malformed-transaction", "a CompactSize is not in its shortest form");
  return value;
}

export function writeCompactSize(writer: ByteWriter, value: number): void {
  if (value < 0xfd) writer.u8(value);
  else if (value <= 0xffff) writer.u8(0xfd).u16(value);
  else writer.u8(0xfe).u32(value);
}
