/**
 * The ring of verdicts from one worker back to the main thread, and the bell beside it. It has as many cells as the
 * command ring, and the main thread never has more shares under way at a worker than that, so it cannot run full:
 * the worker never waits for room, and the reader's position need not be shared.
 */

import { VERDICT_BYTES } from "./record-layout.ts";
import { BELL, type SharedRing, VERDICT_TAIL } from "./ring-layout.ts";

/** The worker's end. */
export class VerdictWriter {
  readonly #ring: SharedRing;
  #tail: number;

  constructor(ring: SharedRing) {
    this.#ring = ring;
    // Pairs with nothing: the worker alone writes this word.
    this.#tail = Atomics.load(ring.control, VERDICT_TAIL);
  }

  /** @param verdicts whole verdict records, in the order of the shares. */
  write(verdicts: Uint8Array): void {
    const { cells, control, verdicts: ring } = this.#ring;
    const start = (this.#tail & (cells - 1)) * VERDICT_BYTES;
    const first = Math.min(verdicts.length, ring.length - start);
    ring.set(verdicts.subarray(0, first), start);
    ring.set(verdicts.subarray(first), 0);
    this.#tail = (this.#tail + verdicts.length / VERDICT_BYTES) | 0;
    // Release: pairs with the load in `VerdictReader.available`, which then sees the verdicts' bytes.
    Atomics.store(control, VERDICT_TAIL, this.#tail);
  }

  /** @returns whether the main thread must be called: it was not called since it last came to look. */
  ring(): boolean {
    // Pairs with the store in `VerdictReader.silenceBell`. Sequentially consistent, as all Atomics are: either this
    // finds the bell silent and calls, or the main thread, which has yet to silence it, will read the tail stored
    // above.
    return Atomics.exchange(this.#ring.control, BELL, 1) === 0;
  }
}

/** The main thread's end. */
export class VerdictReader {
  readonly #ring: SharedRing;
  #head: number;

  /** To be made before the worker is started. */
  constructor(ring: SharedRing) {
    this.#ring = ring;
    // Pairs with nothing: no other thread has the ring yet.
    this.#head = Atomics.load(ring.control, VERDICT_TAIL);
  }

  /** To be called before `available`, so that verdicts written after that look are announced again. */
  silenceBell(): void {
    // Pairs with the exchange in `VerdictWriter.ring`.
    Atomics.store(this.#ring.control, BELL, 0);
  }

  /** How many verdicts wait. */
  available(): number {
    // Acquire: pairs with the store in `VerdictWriter.write`.
    return (Atomics.load(this.#ring.control, VERDICT_TAIL) - this.#head) | 0;
  }

  /** Moves the next `count` verdicts into `target`, as records from `index` on. */
  take(target: Uint8Array, index: number, count: number): void {
    const { cells, verdicts } = this.#ring;
    const start = (this.#head & (cells - 1)) * VERDICT_BYTES;
    const first = Math.min(count * VERDICT_BYTES, verdicts.length - start);
    target.set(verdicts.subarray(start, start + first), index * VERDICT_BYTES);
    target.set(verdicts.subarray(0, count * VERDICT_BYTES - first), index * VERDICT_BYTES + first);
    this.#head = (this.#head + count) | 0;
  }
}
