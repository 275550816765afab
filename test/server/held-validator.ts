/** A validator that takes its time: it validates when a test tells it to, or says that it has no room. */

import { createValidator } from "../../src/sharecore/index.ts";
import type {
  ExtendedJob,
  JobHandle,
  ShareBatch,
  ShareValidator,
  StandardJob,
  VerdictHandler,
} from "../../src/sharecore/types.ts";

export class HeldValidator implements ShareValidator {
  readonly backend = "wasm";
  /** What is submitted waits for `validate`. */
  holding = false;
  /** Nothing is taken. */
  full = false;
  closed = false;
  readonly #inner = createValidator({ backend: "wasm" });
  readonly #held: (() => void)[] = [];
  #hasRoom: () => void = () => undefined;

  /** Batches that wait. */
  get held(): number {
    return this.#held.length;
  }

  createBatch(capacity: number): ShareBatch {
    return this.#inner.createBatch(capacity);
  }

  addJob(job: StandardJob | ExtendedJob): JobHandle {
    return this.#inner.addJob(job);
  }

  releaseJob(handle: JobHandle): void {
    this.#inner.releaseJob(handle);
  }

  submit(batch: ShareBatch, onVerdicts: VerdictHandler): boolean {
    if (this.full) return false;
    if (!this.holding) return this.#inner.submit(batch, onVerdicts);
    this.#held.push(() => this.#inner.submit(batch, onVerdicts));
    return true;
  }

  onDrain(listener: () => void): void {
    this.#hasRoom = listener;
  }

  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    return this.#inner.merkleRoots(handle, extranonces, extranonceSize);
  }

  /** Validates all that waits. */
  validate(): void {
    for (const submit of this.#held.splice(0)) submit();
  }

  /** There is room again. */
  drain(): void {
    this.full = false;
    this.#hasRoom();
  }

  close(): Promise<void> {
    this.closed = true;
    return this.#inner.close();
  }
}
