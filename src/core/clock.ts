/**
 * Time as it is handed to every part, so that a test can hold it. State machines (`mining/`, `session/`) take the
 * time as an argument instead and own no timers.
 */

/** The time as state machines are given it. */
export type Moment = {
  /** Wall clock, milliseconds since the Unix epoch: for what the network and the ledger call time. */
  readonly wallMs: number;
  /** Never goes back: for intervals and deadlines. */
  readonly monotonicMs: number;
};

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. It can jump. */
  nowMs(): number;
  /** Milliseconds since some fixed moment; never goes back. For intervals and deadlines. */
  monotonicMs(): number;
  /** Both at once. */
  now(): Moment;
  /** Calls `callback` once after `delayMs`. The timer alone does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` each `intervalMs`. The timer alone does not keep the process alive. */
  every(intervalMs: number, callback: () => void): Timer;
}

/** The machine's own clock and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, callback) {
    const handle = setInterval(callback, intervalMs);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
};
