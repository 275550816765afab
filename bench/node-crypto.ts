/** Share validation with node:crypto: what a pool without a core of its own would do. */

import { createHash } from "node:crypto";
import type { ShareSet } from "./share-set.ts";

function sha256d(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(createHash("sha256").update(bytes).digest()).digest();
}

/** Validates all shares; returns how many meet the target. */
export function validateWithNodeCrypto({ job, shares, target }: ShareSet): number {
  const header = Buffer.alloc(80);
  header.set(job.prevHash, 4);
  header.writeUInt32LE(job.bits, 72);
  const pair = Buffer.alloc(64);
  let met = 0;
  for (const share of shares) {
    if (job.kind === "standard") header.set(job.merkleRoot, 36);
    else {
      let root = sha256d(Buffer.concat([job.coinbasePrefix, share.extranonce, job.coinbaseSuffix]));
      for (const sibling of job.merklePath) {
        root.copy(pair);
        pair.set(sibling, 32);
        root = sha256d(pair);
      }
      root.copy(header, 36);
    }
    header.writeUInt32LE(share.version, 0);
    header.writeUInt32LE(share.ntime, 68);
    header.writeUInt32LE(share.nonce, 76);
    if (Buffer.compare(sha256d(header).reverse(), Buffer.from(target).reverse()) <= 0) met += 1;
  }
  return met;
}
