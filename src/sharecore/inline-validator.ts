/** Validation in the calling thread: hashes at once, and calls back before `submit` returns. */

import { BatchQueue } from "./batch-queue.ts";
import { SharecoreError } from "./errors.ts";
import { JobTable } from "./job-table.ts";
import { RecordBatch, takeOver } from "./record-batch.ts";
import type { ShareCore } from "./share-core.ts";
import type { Job, JobHandle, ShareBatch, ShareValidator, VerdictHandler } from "./types.ts";

export class InlineValidator implements ShareValidator {
  readonly backend: "js" | "wasm-scalar" | "wasm";
  readonly #jobs: JobTable;
  readonly #queue: BatchQueue;
  #closed = false;

  constructor(core: ShareCore, options: { backend: InlineValidator["backend"]; jobSlots: number }) {
    this.backend = options.backend;
    this.#jobs = new JobTable(core, { slots: options.jobSlots });
    this.#queue = new BatchQueue({
      validate: (batch) => core.validate(batch, 0, batch.count),
      onDelivered: () => this.#jobs.retire(this.#queue.delivered),
      hasRoom: () => true,
    });
  }

  createBatch(capacity: number): ShareBatch {
    return new RecordBatch(capacity);
  }

  addJob(job: Job): JobHandle {
    assertOpen(this.#closed);
    return this.#jobs.add(job).handle;
  }

  releaseJob(handle: JobHandle): void {
    this.#jobs.release(handle, this.#queue.submitted);
    this.#jobs.retire(this.#queue.delivered);
  }

  submit(batch: ShareBatch, onVerdicts: VerdictHandler): boolean {
    assertOpen(this.#closed);
    const records = takeOver(batch);
    if (this.#queue.isFull) return this.#queue.refuse();
    this.#queue.push(records, { onVerdicts, mode: "inline" });
    this.#queue.run();
    return true;
  }

  onDrain(listener: () => void): void {
    this.#queue.drainListener = listener;
  }

  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    assertOpen(this.#closed);
    return this.#jobs.merkleRoots(handle, extranonces, extranonceSize);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#queue.whenEmpty();
  }
}

/** @throws {SharecoreError} `validator-closed`. */
export function assertOpen(closed: boolean): void {
  if (closed) throw new SharecoreError("the validator was closed", { code: "validator-closed" });
}
