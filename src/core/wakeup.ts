/** A wait that can be cut short: by somebody who knows that there is something to do, or by the end of everything. */

import type { Clock } from "./clock.ts";

export class Wakeup {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #pending = false;
  #wakeWaiter: (() => void) | undefined;

  /** @param signal once it is aborted no wait lasts. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.wake(), { once: true });
  }

  /** Ends the wait under way, or makes the next one end at once. */
  wake(): void {
    if (this.#wakeWaiter === undefined) this.#pending = true;
    else this.#wakeWaiter();
  }

  /** Ends the wait under way; without one it does nothing. */
  interrupt(): void {
    this.#wakeWaiter?.();
  }

  /** Resolves after `timeoutMs`, or at a `wake` before that. One waiter at a time. */
  async wait(timeoutMs: number): Promise<void> {
    if (this.#signal.aborted) return;
    if (this.#pending) {
      this.#pending = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        this.#wakeWaiter = undefined;
        timer.cancel();
        resolve();
      };
      const timer = this.#clock.after(timeoutMs, finish);
      this.#wakeWaiter = finish;
    });
  }
}
