/**
 * Whether the wall clock says the present. What is forgotten by a wrong one is lost, so a clock that is elsewhere than it
 * should be, ahead or behind, is not believed before it has gone on from there for a while: a clock that was wrong for a
 * moment does no harm, and a machine that slept, or a pool that was off for a month, loses no more than that while.
 */

/** The clocks of the thread it runs in. */
export type StoreClock = { nowMs(): number; monotonicMs(): number };

/** A clock that is off by less is believed: by as much too early something may be forgotten. As short as any retention. */
const JUMP_MS = 86_400_000;
/** What goes on for so long is the truth. Longer than a clock is wrong at a start, short for a pool that runs now and then. */
const DISTRUST_MS = 3_600_000;

export class ClockTrust {
  readonly #clock: StoreClock;
  #last: { readonly wallMs: number; readonly monotonicMs: number } | undefined;
  #distrustedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: StoreClock) {
    this.#clock = clock;
  }

  /**
   * The present, or undefined where the clock is not to be trusted now.
   * @param beforeMs when it was trusted last, before this was made; undefined where nothing is known of it.
   */
  trustedMs(beforeMs: number | undefined): number | undefined {
    const [wallMs, monotonicMs] = [this.#clock.nowMs(), this.#clock.monotonicMs()];
    const expectedMs = this.#last === undefined ? beforeMs : this.#last.wallMs + (monotonicMs - this.#last.monotonicMs);
    this.#last = { wallMs, monotonicMs };
    if (Math.abs(wallMs - (expectedMs ?? wallMs)) > JUMP_MS) this.#distrustedUntilMs = monotonicMs + DISTRUST_MS;
    return monotonicMs < this.#distrustedUntilMs ? undefined : wallMs;
  }
}
