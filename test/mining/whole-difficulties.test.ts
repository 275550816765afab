import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { difficultyOfTarget, targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import { boundedTarget, shareTarget, type TargetBounds } from "../../src/mining/share-target.ts";

const EASIEST = (1n << 256n) - 1n;
const DIFFICULTY_1 = 0xffffn << 208n;
const BOUNDS: TargetBounds = { minDifficulty: 0, networkTarget: 1n, maxTarget: EASIEST, sharesPerMinute: 12 };

/** The difficulty that a NerdQAxe makes of a target: in doubles, word by word, and then cut off. */
function firmwareDifficulty(target: Uint8Array): number {
  const view = new DataView(target.slice().buffer);
  let value = 0;
  for (const at of [24, 16, 8, 0]) value += Number(view.getBigUint64(at, true)) * 2 ** (8 * at);
  return Math.max(1, Math.floor(Number(DIFFICULTY_1) / value));
}

/** Difficulties from 1 to 2^40, evenly over the magnitudes. */
const fraction = fc.double({ min: 0, max: 40, noNaN: true }).map((power) => 2 ** power);
const given = (wanted: number, bounds: Partial<TargetBounds> = {}) =>
  boundedTarget(targetOfDifficulty(wanted), { ...BOUNDS, ...bounds });

describe("a target of difficulty 1 and more", () => {
  it("has a whole difficulty, which firmware that cuts off fractions finds too, and shares are credited with", () => {
    const check = (wanted: number): void => {
      const { bytes, value, difficulty } = given(wanted);
      expect(difficulty).toBe(Math.round(difficultyOfTarget(targetOfDifficulty(wanted))));
      expect(firmwareDifficulty(bytes)).toBe(difficulty);
      expect(bytes).toEqual(targetToBytes(value));
    };
    for (let difficulty = 1; difficulty < 2_000; difficulty += 1) check(difficulty);
    fc.assert(fc.property(fraction, check), { numRuns: 2_000 });
  });

  it("is met by every hash of that difficulty, but for one of 2^52", () => {
    fc.assert(
      fc.property(fraction, (wanted) => {
        const { value, difficulty } = given(wanted);
        const exact = DIFFICULTY_1 / BigInt(difficulty);
        expect(value <= exact && (exact - value) << 52n <= exact).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [1.49, 1],
    [1.51, 2],
    [2_327.6, 2_328],
  ])("is the nearest one: %d becomes %d", (wanted, whole) => {
    expect(given(wanted).difficulty).toBe(whole);
  });
});

describe("a target of less than difficulty 1, or of more than a double can tell apart", () => {
  it.each([0.000_1, 0.5, 0.999_999, 2 ** 53 + 2, 1e60])("stays what it is: %d", (difficulty) => {
    expect(given(difficulty)).toEqual(shareTarget(targetOfDifficulty(difficulty)));
  });
});

describe("a whole difficulty", () => {
  it("is within all bounds, and none is taken where no whole one is", () => {
    fc.assert(
      fc.property(fraction, fraction, fraction, fraction, (wanted, least, client, network) => {
        const networkTarget = targetOfDifficulty(network);
        const maxTarget = targetOfDifficulty(client);
        const target = given(wanted, { minDifficulty: least, maxTarget, networkTarget });
        expect(target.value <= maxTarget).toBe(true);
        const lowest = Math.min(least, network);
        expect(target.value <= targetOfDifficulty(lowest)).toBe(true);
        const needed = Math.ceil(Math.max(lowest, client));
        if (client <= network && wanted <= network) expect(target.value >= networkTarget).toBe(true);
        if (needed <= network || client > network) expect(firmwareDifficulty(target.bytes)).toBe(target.difficulty);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the next harder one where the nearest is easier than the client or the operator takes", () => {
    expect(given(1, { maxTarget: targetOfDifficulty(77.2) }).difficulty).toBe(78);
    expect(given(1, { minDifficulty: 77.2 }).difficulty).toBe(78);
  });

  it("is the next easier one where the nearest is harder than a block's, or none where that is too easy", () => {
    const networkTarget = targetOfDifficulty(899.8);
    expect(given(1_000, { networkTarget }).difficulty).toBe(899);
    expect(given(1_000, { networkTarget, minDifficulty: 899.5 }).value).toBe(networkTarget);
  });
});
