/**
 * Steers a channel's difficulty towards the wanted number of shares per minute. Pure: it is told of shares and of the
 * time, and says which difficulty it wants.
 *
 * Shares of a steady miner arrive as a Poisson process. Over a window in which μ shares were due and n came, the
 * deviance D = 2 (n ln(n/μ) − (n − μ)) says how badly the present difficulty explains what was seen; it is near χ² with
 * one degree of freedom where it is right. A change is made only when D passes a limit that chance alone seldom does, so
 * a steady miner is left alone while a large step is seen within a few shares.
 */

export type VardiffOptions = {
  readonly sharesPerMinute: number;
  /** The difficulty of the present target. */
  readonly difficulty: number;
  readonly nowMs: number;
};

/** Chance passes it once in some 1,900 independent windows (χ², one degree of freedom). */
const DEVIANCE_LIMIT = 12;

/** No judgement before this long: a burst after a connection says nothing about the rate. */
const MIN_WINDOW_MS = 5_000;

/** A window that explains itself is halved at this age, so that old shares weigh less and less. */
const MAX_WINDOW_MS = 300_000;

/** One step at most: a first guess that was wrong by more is right after the next. */
const MAX_STEP_UP = 64;
const MAX_STEP_DOWN = 16;

export class Vardiff {
  #sharesPerMs: number;
  #difficulty: number;
  #windowStartMs: number;
  /** Shares of this window, in units of the present difficulty. */
  #shares = 0;

  constructor(options: VardiffOptions) {
    this.#sharesPerMs = options.sharesPerMinute / 60_000;
    this.#difficulty = options.difficulty;
    this.#windowStartMs = options.nowMs;
  }

  /** A share was accepted. @param difficulty that it was credited with. */
  onShare(difficulty: number): void {
    this.#shares += difficulty / this.#difficulty;
  }

  /** The difficulty that the channel should have, or undefined while the present one will do. */
  tick(nowMs: number): number | undefined {
    const windowMs = nowMs - this.#windowStartMs;
    if (windowMs < MIN_WINDOW_MS) return undefined;
    const due = windowMs * this.#sharesPerMs;
    const came = this.#shares;
    const deviance = 2 * ((came > 0 ? came * Math.log(came / due) : 0) - (came - due));
    if (deviance > DEVIANCE_LIMIT) {
      // Half a share more: silence is no proof that the rate is zero.
      const factor = (came + 0.5) / due;
      return this.#difficulty * Math.min(MAX_STEP_UP, Math.max(1 / MAX_STEP_DOWN, factor));
    }
    if (windowMs >= MAX_WINDOW_MS) {
      this.#windowStartMs = nowMs - windowMs / 2;
      this.#shares = came / 2;
    }
    return undefined;
  }

  /** Steers towards that many shares from now on; what was seen tells as much about the miner as before. */
  aimAt(sharesPerMinute: number): void {
    this.#sharesPerMs = sharesPerMinute / 60_000;
  }

  /** The channel has this difficulty from now on; what was seen before says nothing about it. */
  reset(difficulty: number, nowMs: number): void {
    this.#difficulty = difficulty;
    this.#windowStartMs = nowMs;
    this.#shares = 0;
  }
}
