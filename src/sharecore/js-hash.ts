/**
 * The hashes of proof of work in plain JS: the readable specification that the WASM core is compared with.
 * All results are in the order of SHA-256's output, which is little-endian as a block hash.
 */

import { sha256 } from "@noble/hashes/sha2.js";

/** SHA-256 of the SHA-256 of `bytes`. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

/**
 * The merkle root of the block in which the coinbase has `coinbaseTxid`: from its level upward, the coinbase's side
 * is always the left one (SV2 §5.3.16, `merkle_path`).
 * @param path the siblings, 32 bytes each.
 */
export function merkleRootFromPath(coinbaseTxid: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  const pair = new Uint8Array(64);
  let node = coinbaseTxid;
  for (const sibling of path) {
    pair.set(node, 0);
    pair.set(sibling, 32);
    node = sha256d(pair);
  }
  return node;
}
