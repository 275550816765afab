/** The authority public key as people pass it on: base58check with a version prefix. SV2 §4.7. */

import { sha256 } from "@noble/hashes/sha2.js";
import { createBase58check } from "@scure/base";
import { concatBytes } from "../core/bytes.ts";
import { NoiseError } from "./errors.ts";

const base58check = createBase58check(sha256);

/** Version 1, as a little-endian u16. */
const PREFIX = new Uint8Array([0x01, 0x00]);
const KEY_BYTES = 32;

/** @param publicKey 32 bytes, the x coordinate. */
export function encodeAuthorityKey(publicKey: Uint8Array): string {
  return base58check.encode(concatBytes(PREFIX, publicKey));
}

/** @throws {NoiseError} `key-invalid`. */
export function decodeAuthorityKey(text: string): Uint8Array {
  let decoded: Uint8Array;
  try {
    decoded = base58check.decode(text);
  } catch (cause) {
    throw new NoiseError(
      "key-invalid",
      `"${text}" is no authority key: its base58check does not fit, so copy it again, whole`,
      { cause },
    );
  }
  const known = decoded[0] === PREFIX[0] && decoded[1] === PREFIX[1];
  if (!known || decoded.length !== PREFIX.length + KEY_BYTES) {
    throw new NoiseError("key-invalid", `"${text}" is no authority key: 32 bytes with version 1 are needed`);
  }
  return decoded.slice(PREFIX.length);
}
