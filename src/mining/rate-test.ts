/**
 * Page's sequential test (CUSUM) of a Poisson process: does it still run at the rate that is expected, or has it run at
 * `ratio` times that rate for some while? Its evidence is the logarithm of the likelihood ratio, counted from the moment
 * that speaks most for a change; at the same number of false alarms no test has a shorter worst mean delay (Lorden,
 * Moustakides). Told of shares and of how many were due; has no clock.
 */

export class TestedRatio {
  readonly ratio: number;
  readonly logRatio: number;
  /** Evidence, in nats, that makes an alarm. */
  readonly limit: number;
  /** Of so many shares counts the ratio when the rate is estimated: an alarm that chance made early exaggerates. */
  readonly weight: number;

  /** @param ratio above 1 for a rise, from 0 to 1 for a fall. */
  constructor(ratio: number, options: { readonly limit: number; readonly weight: number }) {
    this.ratio = ratio;
    this.logRatio = Math.log(ratio);
    this.limit = options.limit;
    this.weight = options.weight;
  }
}

/** What was seen since the last look. */
export type Observation = {
  readonly shares: number;
  /** Shares that were due meanwhile. */
  readonly due: number;
  readonly ms: number;
  /** Shares that were due in a silence just before, where it was a long one; else 0. */
  readonly silentDue: number;
};

export class RateTest {
  readonly tested: TestedRatio;
  #evidence = 0;
  #shares = 0;
  #due = 0;
  #ms = 0;

  constructor(tested: TestedRatio) {
    this.tested = tested;
  }

  /** Beyond what makes an alarm; below 0 for less. */
  get excess(): number {
    return this.#evidence - this.tested.limit;
  }

  get evidence(): number {
    return this.#evidence;
  }

  /** Shares since the change, if it was one. */
  get shares(): number {
    return this.#shares;
  }

  /** Shares that were due since then. Of a rise it counts the silence before it too. */
  get due(): number {
    return this.#due;
  }

  /** Time since then. */
  get ms(): number {
    return this.#ms;
  }

  add(seen: Observation): void {
    const { ratio, logRatio } = this.tested;
    const evidence = this.#evidence + seen.shares * logRatio - (ratio - 1) * seen.due;
    if (evidence <= 0) return this.reset();
    if (this.#evidence === 0 && ratio > 1) this.#due = seen.silentDue;
    this.#evidence = evidence;
    this.#shares += seen.shares;
    this.#due += seen.due;
    this.#ms += seen.ms;
  }

  reset(): void {
    this.#evidence = 0;
    this.#shares = 0;
    this.#due = 0;
    this.#ms = 0;
  }
}
