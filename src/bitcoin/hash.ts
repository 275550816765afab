/** Bitcoin's hash: SHA-256 twice. */

import { sha256 } from "@noble/hashes/sha2.js";

/** SHA-256(SHA-256(bytes)): 32 bytes in header order, which explorers print reversed. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}
