/** Type-length-value fields as clients write them, in either byte order. */

import { concatBytes } from "../../src/core/bytes.ts";
import { FRAME_HEADER_BYTES } from "../../src/wire/frame.ts";

export type ByteOrder = "little-endian" | "big-endian";

export function tlv(
  type: { readonly extensionType: number; readonly fieldType: number },
  value: Uint8Array,
  order: ByteOrder = "little-endian",
): Uint8Array {
  const header = new DataView(new ArrayBuffer(5));
  header.setUint16(0, type.extensionType, order === "little-endian");
  header.setUint8(2, type.fieldType);
  header.setUint16(3, value.length, order === "little-endian");
  return concatBytes(new Uint8Array(header.buffer), value);
}

/** The field of extension 0x0002 that names a worker. */
export function workerTlv(name: string | Uint8Array, order: ByteOrder = "little-endian"): Uint8Array {
  const bytes = typeof name === "string" ? new TextEncoder().encode(name) : name;
  return tlv({ extensionType: 0x0002, fieldType: 0x01 }, bytes, order);
}

/** The frame with those bytes behind its message. */
export function withTlvs(frame: Uint8Array, tlvs: Uint8Array): Uint8Array {
  const longer = concatBytes(frame, tlvs);
  const length = longer.length - FRAME_HEADER_BYTES;
  longer.set([length & 255, length >> 8], 3);
  return longer;
}
