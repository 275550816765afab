/**
 * A share's way from job to verdict in plain JS: coinbase, merkle root, header, hash, comparison. This is the readable
 * specification; nothing here is tuned.
 */

import { compareLittleEndian256, concatBytes } from "../core/bytes.ts";
import { merkleRootFromPath, sha256d } from "./js-hash.ts";
import { HEADER_BYTES } from "./record-layout.ts";
import type { ExtendedJob, Job, ShareFields } from "./types.ts";
import { VERDICT_MEETS_NETWORK_TARGET, VERDICT_MEETS_SHARE_TARGET } from "./types.ts";

/** A share without the handle of its job. */
export type ShareOfJob = Omit<ShareFields, "job">;

/** The coinbase transaction's id is the hash of its serialisation without BIP141 fields. */
export function merkleRootOf(job: ExtendedJob, extranonce: Uint8Array): Uint8Array {
  const coinbase = concatBytes(job.coinbasePrefix, extranonce, job.coinbaseSuffix);
  return merkleRootFromPath(sha256d(coinbase), job.merklePath);
}

/** The 80 bytes that are hashed: version, prev hash, merkle root, time, bits, nonce. */
export function headerOf(job: Job, share: ShareOfJob): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, share.version, true);
  header.set(job.prevHash, 4);
  header.set(job.kind === "standard" ? job.merkleRoot : merkleRootOf(job, share.extranonce), 36);
  view.setUint32(68, share.ntime, true);
  view.setUint32(72, job.bits, true);
  view.setUint32(76, share.nonce, true);
  return header;
}

/** A hash meets a target when it is at or below it; both are 256-bit integers, compared exactly. */
export function meets(hash: Uint8Array, target: Uint8Array): boolean {
  return compareLittleEndian256(hash, target) <= 0;
}

/** The header hash of a share, and the `VERDICT_…` bits that it earns. */
export function judge(job: Job, share: ShareOfJob): { readonly flags: number; readonly hash: Uint8Array } {
  const hash = sha256d(headerOf(job, share));
  const flags =
    (meets(hash, share.target) ? VERDICT_MEETS_SHARE_TARGET : 0) |
    (meets(hash, job.networkTarget) ? VERDICT_MEETS_NETWORK_TARGET : 0);
  return { flags, hash };
}
