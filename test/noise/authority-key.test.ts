import { createHash } from "node:crypto";
import { base58 } from "@scure/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { decodeAuthorityKey, encodeAuthorityKey } from "../../src/noise/authority-key.ts";
import { refusal } from "./noise-fixture.ts";

/** SV2 §4.7.1. */
const RAW = Uint8Array.from([
  118, 99, 112, 0, 151, 156, 28, 17, 175, 12, 48, 11, 205, 140, 127, 228, 134, 16, 252, 233, 185, 193, 30, 61, 174, 227,
  90, 224, 176, 138, 116, 85,
]);
const ENCODED = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";

/** Base58check of any bytes: what a wrong key can look like. */
function checked(payload: Uint8Array): string {
  const hash = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
  return base58.encode(concatBytes(payload, hash(hash(payload)).subarray(0, 4)));
}

describe("the authority key", () => {
  it("is encoded and decoded as the vector of §4.7.1 has it", () => {
    expect(encodeAuthorityKey(RAW)).toBe(ENCODED);
    expect(toHex(decodeAuthorityKey(ENCODED))).toBe(toHex(RAW));
  });

  it("is base58check over the prefix 01 00 and 32 bytes", () => {
    expect(checked(concatBytes(fromHex("0100"), RAW))).toBe(ENCODED);
  });

  it("comes back from its text, whatever its bytes", () => {
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(fc.property(keys, (key) => toHex(decodeAuthorityKey(encodeAuthorityKey(key))) === toHex(key)));
  });

  it("is refused with any one character changed", () => {
    for (let index = 0; index < ENCODED.length; index += 1) {
      const other = ENCODED[index] === "2" ? "3" : "2";
      const text = ENCODED.slice(0, index) + other + ENCODED.slice(index + 1);
      expect(refusal(() => decodeAuthorityKey(text), "key-invalid").message).toContain(text);
    }
  });

  it.each([
    ["nothing", ""],
    ["a character that base58 does not have", ENCODED.replace("b", "0")],
    ["its last character missing", ENCODED.slice(0, -1)],
    ["white space around it", ` ${ENCODED}\n`],
    ["hexadecimal", toHex(RAW)],
  ])("is refused with %s: its base58check does not fit", (_, text) => {
    const error = refusal(() => decodeAuthorityKey(text), "key-invalid");
    expect(error.message).toContain("its base58check does not fit");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each([
    ["version 0", checked(concatBytes(fromHex("0000"), RAW))],
    ["version 2", checked(concatBytes(fromHex("0200"), RAW))],
    ["version 1 in big-endian order", checked(concatBytes(fromHex("0001"), RAW))],
    ["version 257", checked(concatBytes(fromHex("0101"), RAW))],
    ["31 bytes", checked(concatBytes(fromHex("0100"), RAW.subarray(1)))],
    ["33 bytes", checked(concatBytes(fromHex("0100"), RAW, fromHex("00")))],
    ["no bytes", checked(fromHex("0100"))],
    ["no version", checked(RAW)],
  ])("is refused with %s: 32 bytes with version 1 are needed", (_, text) => {
    const error = refusal(() => decodeAuthorityKey(text), "key-invalid");
    expect(error.message).toContain("32 bytes with version 1 are needed");
  });
});
