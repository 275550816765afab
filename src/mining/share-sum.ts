/**
 * The sum of difficulties that SubmitShares.Success reports as a whole number: the fraction is carried over to the
 * channel's next one, so that nothing is lost over a day. SV2 §5.3.13.
 */

const MAX_U64 = (1n << 64n) - 1n;

export class ShareSum {
  // Kept apart, so that small difficulties do not vanish beside a large sum.
  #whole = 0;
  #fraction = 0;

  /** @param difficulty 0 or more. */
  add(difficulty: number): void {
    const whole = Math.floor(difficulty);
    this.#whole += whole;
    this.#fraction += difficulty - whole;
    if (this.#fraction >= 1) {
      this.#fraction -= 1;
      this.#whole += 1;
    }
  }

  /** The whole part; the fraction stays. At most 2^64 − 1. */
  take(): bigint {
    const whole = BigInt(this.#whole);
    this.#whole = 0;
    return whole > MAX_U64 ? MAX_U64 : whole;
  }
}
