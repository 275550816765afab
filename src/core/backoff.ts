/** How long to wait before the next try: doubling, capped, and where it is wanted spread by chance. */

export type BackoffOptions = {
  /** Of the first try, before chance. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** From 0 up to but without 1. It spreads the waits, so that many pools do not come at once; without it each is whole. */
  readonly random?: () => number;
};

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Counts a failure and returns the wait: a step that doubles up to the cap, of which chance takes half at most. */
  nextMs(): number {
    const { baseMs, maxMs, random } = this.#options;
    // 2^30 is beyond every cap, and exact.
    const stepMs = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return random === undefined ? stepMs : stepMs / 2 + (stepMs / 2) * random();
  }

  /** After a success the next wait is short again. */
  reset(): void {
    this.#failures = 0;
  }
}
