/**
 * Type-length-value fields behind a message's own, by which extensions add to it: two bytes of extension_type, one of
 * the field's number, two of length, then the value. The specification's example bytes are big-endian and its
 * reference implementation writes little-endian, so both are read. SV2 §3.4.3.
 */

/** A field that is looked for, and where its value was found: one object for many messages. */
export type TlvSearch = {
  readonly extensionType: number;
  readonly fieldType: number;
  start: number;
  length: number;
};

const HEADER_BYTES = 5;

/**
 * Finds the first field of that type in `bytes`, of which at most 255 follow `from`. What is unknown is skipped. Bytes
 * that are no whole field end the search: who sent them speaks of something that we do not know, and the message's own
 * fields stand whatever follows them.
 */
export function findTlv(bytes: Uint8Array, from: number, search: TlvSearch): boolean {
  const { extensionType, fieldType } = search;
  let offset = from;
  while (bytes.length - offset >= HEADER_BYTES) {
    // No length needs its high byte, so the one that is 0 tells the byte order; in a length of 0 either may be.
    const littleEndian = bytes[offset + 4] === 0;
    const bigEndian = bytes[offset + 3] === 0;
    if (!littleEndian && !bigEndian) return false;
    const length = bytes[offset + (littleEndian ? 3 : 4)] ?? 0;
    const start = offset + HEADER_BYTES;
    if (length > bytes.length - start) return false;
    const first = bytes[offset] ?? 0;
    const second = bytes[offset + 1] ?? 0;
    const ofExtension =
      (littleEndian && (first | (second << 8)) === extensionType) ||
      (bigEndian && ((first << 8) | second) === extensionType);
    if (ofExtension && bytes[offset + 2] === fieldType) {
      search.start = start;
      search.length = length;
      return true;
    }
    offset = start + length;
  }
  return false;
}
