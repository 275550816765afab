/** The share core in plain JS: reads the records, leaves the judging to `js-verdict.ts`. */

import { decodeJob } from "./job-record.ts";
import { judge, merkleRootOf, type ShareOfJob } from "./js-verdict.ts";
import type { RecordBatch } from "./record-batch.ts";
import * as layout from "./record-layout.ts";
import type { ShareCore } from "./share-core.ts";
import { type Job, type JobHandle, VERDICT_UNKNOWN_JOB } from "./types.ts";

const { HASH_BYTES, VERDICT_BYTES } = layout;

export class JsCore implements ShareCore {
  /** By slot; bounded by the job table's slots. */
  readonly #jobs = new Map<number, { readonly generation: number; readonly job: Job }>();

  setJob({ slot, generation }: JobHandle, record: Uint8Array): void {
    this.#jobs.set(slot, { generation, job: decodeJob(record) });
  }

  clearJob({ slot, generation }: JobHandle): void {
    if (this.#jobs.get(slot)?.generation === generation) this.#jobs.delete(slot);
  }

  validate(batch: RecordBatch, from: number, to: number): void {
    const { bytes } = batch.verdicts;
    const view = new DataView(bytes.buffer);
    for (let index = from; index < to; index += 1) {
      const start = index * VERDICT_BYTES;
      const { flags, hash } = this.#judge(batch, index);
      view.setUint32(start + layout.VERDICT_FLAGS, flags, true);
      view.setUint32(start + layout.VERDICT_TAG, index, true);
      bytes.set(hash, start + layout.VERDICT_HASH);
    }
  }

  #judge(batch: RecordBatch, index: number): { readonly flags: number; readonly hash: Uint8Array } {
    const job = this.#find(batch.slotOf(index), batch.generationOf(index));
    const share = readShare(batch, index);
    if (job === undefined || (job.kind === "standard" && share.extranonce.length > 0)) {
      return { flags: VERDICT_UNKNOWN_JOB, hash: new Uint8Array(HASH_BYTES) };
    }
    return judge(job, share);
  }

  merkleRoots({ slot, generation }: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    const job = this.#find(slot, generation);
    const count = extranonces.length / extranonceSize;
    const roots = new Uint8Array(count * HASH_BYTES);
    for (let index = 0; job?.kind === "extended" && index < count; index += 1) {
      const extranonce = extranonces.subarray(index * extranonceSize, (index + 1) * extranonceSize);
      roots.set(merkleRootOf(job, extranonce), index * HASH_BYTES);
    }
    return roots;
  }

  #find(slot: number, generation: number): Job | undefined {
    const entry = this.#jobs.get(slot);
    return entry?.generation === generation ? entry.job : undefined;
  }
}

function readShare({ records, view }: RecordBatch, index: number): ShareOfJob {
  const start = index * layout.SHARE_BYTES;
  const target = start + layout.SHARE_TARGET;
  const extranonce = start + layout.SHARE_EXTRANONCE;
  const extranonceLength = view.getUint32(start + layout.SHARE_EXTRANONCE_LENGTH, true);
  return {
    version: view.getUint32(start + layout.SHARE_VERSION, true),
    ntime: view.getUint32(start + layout.SHARE_NTIME, true),
    nonce: view.getUint32(start + layout.SHARE_NONCE, true),
    target: records.subarray(target, target + HASH_BYTES),
    extranonce: records.subarray(extranonce, extranonce + extranonceLength),
  };
}
