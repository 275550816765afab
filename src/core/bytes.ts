/** Byte arrays: hexadecimal, comparison, joining. Nothing here knows of a protocol. */

const HEX_DIGITS = "0123456789abcdef";

/** Lower-case hexadecimal, in memory order. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15);
  return text;
}

/**
 * The bytes of a hexadecimal text (either case), in the order of the text.
 * @throws {RangeError} where the text has an odd length or another character.
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new RangeError("not hexadecimal: an even number of the digits 0-9 and a-f is needed");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

/** A copy in reverse order: a hash as explorers print it from its bytes in memory, or back. */
export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

/** A new array with all `parts` in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether both hold the same bytes. Not constant-time: not for secrets. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/**
 * Compares two 32-byte little-endian integers (hash and target as both stand in memory) exactly.
 * @returns below 0, 0, above 0, as `a` is less than, equal to, greater than `b`.
 */
export function compareLittleEndian256(a: Uint8Array, b: Uint8Array): number {
  for (let index = 31; index >= 0; index -= 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
