/**
 * Validation in worker threads, with the calling thread's own core for what is too small to be worth a wake-up.
 * Verdicts are delivered in the order of submission whoever hashed; how shares travel is the seats' part.
 *
 * Bounded: a batch whose shares do not all fit into the rings is taken, and sent on as room comes; while one waits
 * like that, `submit` answers false.
 */

import type { Counter } from "../core/metrics.ts";
import { BatchQueue } from "./batch-queue.ts";
import { assertOpen } from "./inline-validator.ts";
import { compressionsPerShare } from "./job-record.ts";
import { JobTable } from "./job-table.ts";
import { RecordBatch, takeOver } from "./record-batch.ts";
import type { Job, JobHandle, ShareBatch, ShareValidator, VerdictHandler } from "./types.ts";
import { WasmCore } from "./wasm-core.ts";
import { loadModule } from "./wasm-module.ts";
import { WasmShareCore } from "./wasm-share-core.ts";
import { WorkerCrew } from "./worker-crew.ts";
import type { WorkerPoolDependencies, WorkerPoolOptions } from "./worker-pool-options.ts";
import { resolveDependencies, resolvePoolOptions } from "./worker-pool-options.ts";
import { type StartThread, startWorkerThread } from "./worker-thread.ts";

/** The thread starter is there for tests. */
export type PoolDependencies = Partial<WorkerPoolDependencies & { readonly startThread: StartThread }>;

export class WorkerPool implements ShareValidator {
  readonly backend = "workers";
  readonly #inlineBelow: number;
  readonly #jobs: JobTable;
  readonly #queue: BatchQueue;
  readonly #crew: WorkerCrew;
  /** By slot: the job as workers get it, and what one of its shares costs. */
  readonly #records: (Uint8Array | undefined)[] = [];
  readonly #compressions: Uint32Array;
  readonly #inlineShares: Counter;
  readonly #workerShares: Counter;
  #closed: Promise<void> | undefined;

  constructor(options: WorkerPoolOptions, dependencies: PoolDependencies = {}) {
    const resolved = resolvePoolOptions(options);
    const shared = resolveDependencies(dependencies);
    const { jobSlots } = resolved;
    const counterOf = (path: string): Counter =>
      shared.metrics.counter({
        name: "adit_sharecore_shares_total",
        help: "Shares hashed, by path.",
        labels: { path },
      });
    this.#inlineBelow = resolved.inlineCompressions;
    this.#inlineShares = counterOf("inline");
    this.#workerShares = counterOf("workers");
    this.#compressions = new Uint32Array(jobSlots);
    const module = loadModule(options.moduleBytes);
    const core = new WasmShareCore(new WasmCore(module, { jobSlots, scalar: false }));
    this.#jobs = new JobTable(core, { slots: jobSlots, onFree: (handle) => this.#forget(handle) });
    this.#queue = new BatchQueue({
      validate: (batch) => core.validate(batch, 0, batch.count),
      onDelivered: () => this.#jobs.retire(this.#queue.delivered),
      hasRoom: () => this.#crew.isSent,
    });
    const host = {
      module,
      startThread: dependencies.startThread ?? startWorkerThread,
      jobRecord: (slot: number) => this.#recordOf(slot),
      compressionsOf: (slot: number) => this.#compressions[slot] ?? 0,
      validate: core.validate.bind(core),
      onProgress: () => this.#queue.run(),
    };
    this.#crew = new WorkerCrew(host, resolved, shared);
  }

  createBatch(capacity: number): ShareBatch {
    return new RecordBatch(capacity);
  }

  addJob(job: Job): JobHandle {
    assertOpen(this.#closed !== undefined);
    const { handle, record } = this.#jobs.add(job);
    this.#records[handle.slot] = record;
    this.#compressions[handle.slot] = compressionsPerShare(job);
    return handle;
  }

  releaseJob(handle: JobHandle): void {
    this.#jobs.release(handle, this.#queue.submitted);
    this.#jobs.retire(this.#queue.delivered);
  }

  submit(batch: ShareBatch, onVerdicts: VerdictHandler): boolean {
    assertOpen(this.#closed !== undefined);
    const records = takeOver(batch);
    if (this.#queue.isFull || !this.#crew.isSent) return this.#queue.refuse();
    const compressions = this.#weigh(records);
    const isSmall = compressions < this.#inlineBelow && this.#crew.isIdle;
    if (isSmall || records.count === 0 || this.#crew.running === 0) {
      this.#inlineShares.add(records.count);
      this.#queue.push(records, { onVerdicts, mode: "inline" });
    } else {
      this.#workerShares.add(records.count);
      const entry = this.#queue.push(records, { onVerdicts, mode: "workers" });
      this.#crew.distribute(entry, records, { compressions, sequence: this.#queue.submitted });
    }
    this.#queue.run();
    return true;
  }

  onDrain(listener: () => void): void {
    this.#queue.drainListener = listener;
  }

  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    assertOpen(this.#closed !== undefined);
    return this.#jobs.merkleRoots(handle, extranonces, extranonceSize);
  }

  close(): Promise<void> {
    this.#closed ??= this.#queue.whenEmpty().then(() => this.#crew.close());
    return this.#closed;
  }

  /**
   * The compressions that a batch costs. Shares of released jobs lose their job here, at submission, so that they
   * get the same verdict wherever and whenever they are hashed.
   */
  #weigh(batch: RecordBatch): number {
    let compressions = 0;
    for (let index = 0; index < batch.count; index += 1) {
      const slot = batch.slotOf(index);
      if (this.#jobs.isLive(slot, batch.generationOf(index))) compressions += this.#compressions[slot] ?? 0;
      else batch.disown(index);
    }
    return compressions;
  }

  /** The job is there: its slot is kept while a share of it is under way. */
  #recordOf(slot: number): Uint8Array {
    return this.#records[slot] as Uint8Array;
  }

  #forget(handle: JobHandle): void {
    this.#records[handle.slot] = undefined;
    this.#crew.forget(handle);
  }
}
