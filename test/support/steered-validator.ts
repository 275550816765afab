/**
 * A validator that a test holds up: it refuses, or it keeps verdicts back, and counts the jobs that it knows. A batch
 * belongs to it until its callback has returned, and no verdict can be read after that.
 */

import { createValidator } from "../../src/sharecore/index.ts";
import type {
  Job,
  JobHandle,
  ShareBatch,
  ShareValidator,
  VerdictBatch,
  VerdictHandler,
} from "../../src/sharecore/types.ts";

export class SteeredValidator implements ShareValidator {
  readonly backend = "wasm";
  /** `submit` takes nothing. */
  refusing = false;
  /** Verdicts wait for `deliver`. */
  holding = false;
  /** Shares in each batch that was taken. */
  readonly taken: number[] = [];
  /** Registered and not released, by kind. */
  readonly live = { standard: 0, extended: 0 };
  closed = false;
  readonly #kinds = new Map<string, Job["kind"]>();
  readonly #inner = createValidator({ backend: "wasm" });
  readonly #held: (() => void)[] = [];
  #onDrain: () => void = () => undefined;
  readonly #owned = new Set<ShareBatch>();

  createBatch(capacity: number): ShareBatch {
    const batch = this.#inner.createBatch(capacity);
    const clear = batch.clear.bind(batch);
    batch.clear = () => {
      if (this.#owned.has(batch)) throw new Error("a batch is cleared before its callback has returned");
      clear();
    };
    return batch;
  }

  addJob(job: Job): JobHandle {
    const handle = this.#inner.addJob(job);
    this.#kinds.set(`${handle.slot}:${handle.generation}`, job.kind);
    this.live[job.kind] += 1;
    return handle;
  }

  releaseJob(handle: JobHandle): void {
    const key = `${handle.slot}:${handle.generation}`;
    const kind = this.#kinds.get(key);
    if (kind === undefined) throw new Error("a job was released that is not registered");
    this.#kinds.delete(key);
    this.live[kind] -= 1;
    this.#inner.releaseJob(handle);
  }

  submit(batch: ShareBatch, onVerdicts: VerdictHandler): boolean {
    if (this.refusing) return false;
    this.taken.push(batch.count);
    this.#owned.add(batch);
    // Hashed at once, so that a job that is released later is still known; told when the test says so.
    return this.#inner.submit(batch, (verdicts) => {
      const copy = copyOf(verdicts);
      const tell = (): void => {
        onVerdicts(copy);
        copy.count = 0;
        this.#owned.delete(batch);
      };
      if (this.holding) this.#held.push(tell);
      else tell();
    });
  }

  /** Batches whose verdicts are held back. */
  get held(): number {
    return this.#held.length;
  }

  /** Tells the verdicts of so many batches that were held back, in order. */
  deliver(batches = Number.POSITIVE_INFINITY): void {
    for (const tell of this.#held.splice(0, batches)) tell();
  }

  /** There is room again. */
  drain(): void {
    this.refusing = false;
    this.#onDrain();
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    return this.#inner.merkleRoots(handle, extranonces, extranonceSize);
  }

  close(): Promise<void> {
    this.closed = true;
    return this.#inner.close();
  }
}

/** A copy that is read no longer once its count is 0. */
function copyOf(verdicts: VerdictBatch): VerdictBatch & { count: number } {
  const all = Array.from({ length: verdicts.count }, (_, index) => ({
    flags: verdicts.flags(index),
    hash: verdicts.hash(index).slice(),
  }));
  const copy = {
    count: all.length,
    flags: (index: number) => verdict(index).flags,
    hash: (index: number) => verdict(index).hash,
  };
  const verdict = (index: number): (typeof all)[number] => {
    const one = all[index];
    if (one === undefined || index >= copy.count) throw new Error("no such verdict, or none any more");
    return one;
  };
  return copy;
}
