/** A time after which something is no longer waited for. */

import type { Clock, Timer } from "../core/clock.ts";

export class Deadline {
  readonly #passed: Promise<void>;
  readonly #timer: Timer;

  constructor(afterMs: number, clock: Clock) {
    let pass: () => void = () => undefined;
    this.#passed = new Promise((resolve) => {
      pass = resolve;
    });
    this.#timer = clock.after(afterMs, pass);
  }

  /** Resolves when `work` does, or when the time has passed: whether it came to its end. Rejects as `work` does before. */
  within(work: Promise<unknown>): Promise<boolean> {
    return Promise.race([work.then(() => true), this.#passed.then(() => false)]);
  }

  /** Nothing waits with it any more. */
  cancel(): void {
    this.#timer.cancel();
  }
}
