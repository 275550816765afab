/** A clock that a test moves by hand. Timers fire inside `advance`, in the order of their time. */

import type { Clock, Moment, Timer } from "../../src/core/clock.ts";
import { within } from "./wait.ts";

type Waiting = {
  atMs: number;
  readonly delayMs: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
};

export class ManualClock implements Clock {
  #wallMs = 1_700_000_000_000;
  #monotonicMs = 5_000;
  readonly #waiting = new Set<Waiting>();
  readonly #onAdd = new Set<(delayMs: number) => void>();

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  now(): Moment {
    return { wallMs: this.#wallMs, monotonicMs: this.#monotonicMs };
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#add({ atMs: this.#monotonicMs + delayMs, delayMs, everyMs: undefined, callback });
  }

  every(intervalMs: number, callback: () => void): Timer {
    return this.#add({ atMs: this.#monotonicMs + intervalMs, delayMs: intervalMs, everyMs: intervalMs, callback });
  }

  #add(waiting: Waiting): Timer {
    this.#waiting.add(waiting);
    for (const check of [...this.#onAdd]) check(waiting.delayMs);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Resolves once a timer of that delay is pending: who waits with it has done all that came before. */
  async waiting(delayMs: number): Promise<void> {
    for (const waiting of this.#waiting) if (waiting.delayMs === delayMs) return;
    await within(
      new Promise<void>((resolve) => {
        const check = (added: number): void => {
          if (added !== delayMs) return;
          this.#onAdd.delete(check);
          resolve();
        };
        this.#onAdd.add(check);
      }),
      `a timer of ${delayMs} ms`,
    );
  }

  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms;
    for (;;) {
      const next = [...this.#waiting].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#move(next.atMs);
      if (next.everyMs === undefined) this.#waiting.delete(next);
      else next.atMs += next.everyMs;
      next.callback();
    }
    this.#move(untilMs);
  }

  /** The machine's clock is set forward, or back by a negative number: intervals go on as if nothing was. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #move(toMs: number): void {
    this.#wallMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }
}
