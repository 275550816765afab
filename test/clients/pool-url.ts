/** The authority key in a pool's URL, read as firmware reads it. SV2 §4.7. */

import { bytesEqual } from "../../src/core/bytes.ts";
import { sha256d } from "./hashing.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Base58 of 38 bytes: `01 00`, the key's 32 bytes, four of a checksum. @returns the key. */
export function keyOfUrl(url: string): Uint8Array {
  const text = url.slice(url.lastIndexOf("/") + 1);
  let value = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) throw new Error(`"${character}" is no base58`);
    value = value * 58n + BigInt(digit);
  }
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  if (bytes.length !== 38) throw new Error(`a key of ${bytes.length} bytes instead of 38`);
  if (bytes[0] !== 1 || bytes[1] !== 0) throw new Error("a key of another version than 1");
  if (!bytesEqual(sha256d(bytes.subarray(0, 34)).subarray(0, 4), bytes.subarray(34))) {
    throw new Error("a key whose checksum does not fit");
  }
  return new Uint8Array(bytes.subarray(2, 34));
}
