/** Merkle trees over transaction ids. All hashes are 32 bytes in header order. */

import { concatBytes } from "../core/bytes.ts";
import { sha256d } from "./hash.ts";

function nextLevel(level: readonly Uint8Array[]): Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const left = level[index];
    if (left === undefined) break;
    next.push(sha256d(concatBytes(left, level[index + 1] ?? left)));
  }
  return next;
}

/** The root over `txids` in block order, the coinbase's first. At least one. */
export function merkleRoot(txids: readonly Uint8Array[]): Uint8Array {
  let level = [...txids];
  while (level.length > 1) level = nextLevel(level);
  const [root] = level;
  if (root === undefined) throw new RangeError("a merkle tree needs at least one leaf");
  return root;
}

/**
 * The siblings of the coinbase, lowest level first: what leads from any coinbase's txid to the root.
 * @param txids of all transactions but the coinbase, in block order.
 */
export function merklePath(txids: readonly Uint8Array[]): Uint8Array[] {
  const path: Uint8Array[] = [];
  let level = [...txids];
  while (level.length > 0) {
    const [sibling, ...rest] = level;
    if (sibling === undefined) break;
    path.push(sibling);
    level = nextLevel(rest);
  }
  return path;
}

/** The root that `path` leads to from a coinbase's txid. */
export function rootFromPath(coinbaseTxid: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  let root = coinbaseTxid;
  for (const sibling of path) root = sha256d(concatBytes(root, sibling));
  return root;
}
