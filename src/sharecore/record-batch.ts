/**
 * A batch of shares as packed records, ready to be copied into a ring or into WASM memory. Filling it allocates
 * nothing; its verdicts come back into memory of its own.
 */

import { SharecoreError } from "./errors.ts";
import * as layout from "./record-layout.ts";
import type { ShareBatch, ShareFields } from "./types.ts";
import { VerdictStore } from "./verdict-store.ts";

const { HASH_BYTES, MAX_BATCH_SHARES, MAX_EXTRANONCE_BYTES, SHARE_BYTES, SHARE_EXTRANONCE, SHARE_TARGET } = layout;

export class RecordBatch implements ShareBatch {
  readonly capacity: number;
  /** `SHARE_BYTES` for each share. */
  readonly records: Uint8Array;
  readonly view: DataView;
  readonly verdicts: VerdictStore;
  count = 0;
  /** From `submit` until its callback has returned; the records must not change meanwhile. */
  underWay = false;

  /** @throws {SharecoreError} `batch-invalid` where `capacity` is not a whole number from 1 to 65,536. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_BATCH_SHARES) {
      throw new SharecoreError(`a batch holds from 1 to ${MAX_BATCH_SHARES} shares`, {
        code: "batch-invalid",
        details: { capacity },
      });
    }
    this.capacity = capacity;
    this.records = new Uint8Array(capacity * SHARE_BYTES);
    this.view = new DataView(this.records.buffer);
    this.verdicts = new VerdictStore(capacity);
  }

  push(share: ShareFields): number {
    this.#assertOwn();
    const index = this.count;
    if (index === this.capacity) return -1;
    const { target, extranonce, job } = share;
    if (target.length !== HASH_BYTES || extranonce.length > MAX_EXTRANONCE_BYTES) {
      throw new SharecoreError("a share has a target of 32 bytes and an extranonce of at most 32", {
        code: "share-invalid",
        details: { targetBytes: target.length, extranonceBytes: extranonce.length },
      });
    }
    const { records, view } = this;
    const start = index * SHARE_BYTES;
    view.setUint32(start + layout.SHARE_SLOT, job.slot, true);
    view.setUint32(start + layout.SHARE_GENERATION, job.generation, true);
    view.setUint32(start + layout.SHARE_VERSION, share.version, true);
    view.setUint32(start + layout.SHARE_NTIME, share.ntime, true);
    view.setUint32(start + layout.SHARE_NONCE, share.nonce, true);
    view.setUint32(start + layout.SHARE_EXTRANONCE_LENGTH, extranonce.length, true);
    view.setUint32(start + layout.SHARE_TAG, index, true);
    records.set(target, start + SHARE_TARGET);
    records.set(extranonce, start + SHARE_EXTRANONCE);
    records.fill(0, start + SHARE_EXTRANONCE + extranonce.length, start + SHARE_BYTES);
    this.count = index + 1;
    return index;
  }

  clear(): void {
    this.#assertOwn();
    this.count = 0;
  }

  slotOf(index: number): number {
    return this.view.getUint32(index * SHARE_BYTES + layout.SHARE_SLOT, true);
  }

  generationOf(index: number): number {
    return this.view.getUint32(index * SHARE_BYTES + layout.SHARE_GENERATION, true);
  }

  /** Makes the share one of no job: what its job was is released already. */
  disown(index: number): void {
    this.view.setUint32(index * SHARE_BYTES + layout.SHARE_GENERATION, layout.NO_GENERATION, true);
  }

  #assertOwn(): void {
    if (this.underWay) throw new SharecoreError("the batch is under way", { code: "batch-invalid" });
  }
}

/**
 * The batch as its records, for a validator that takes it over.
 * @throws {SharecoreError} `batch-invalid` where it was made elsewhere, or is under way already.
 */
export function takeOver(batch: ShareBatch): RecordBatch {
  if (!(batch instanceof RecordBatch)) {
    throw new SharecoreError("the batch was not made by createBatch", { code: "batch-invalid" });
  }
  if (batch.underWay) throw new SharecoreError("the batch is under way already", { code: "batch-invalid" });
  return batch;
}
