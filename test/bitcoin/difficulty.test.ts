import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bitsToTarget,
  difficultyOfHash,
  difficultyOfTarget,
  targetOfDifficulty,
  targetOfHashrate,
  targetToBytes,
} from "../../src/bitcoin/target.ts";

const MAX_TARGET = (1n << 256n) - 1n;
const DIFFICULTY_1 = 0xffffn << 208n;
const target = fc
  .tuple(fc.bigInt({ min: 1n, max: MAX_TARGET }), fc.nat({ max: 255 }))
  .map(([large, shift]) => large >> BigInt(shift) || 1n);

/** A finite double as an integer over 2^1074: every double is one. */
function scaled(value: number): bigint {
  let rest = value;
  let power = 0;
  while (!Number.isInteger(rest)) {
    rest *= 2;
    power += 1;
  }
  return BigInt(rest) << BigInt(1074 - power);
}

/** Found by search: to 64 bits, the difficulties of these end as an exact half between two doubles would. */
const NEAR_HALVES = [
  0x418a67400000000000000000000000000000000000000000000033n,
  0xcfac0b000000000000000000000000000000000000000000001294n,
  bitsToTarget(0x1b045f95),
  bitsToTarget(0x1b04d0fc),
];

const SCALE = 1n << 1074n;

function neighbours(value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigInt64(0);
  return [bits - 1n, bits + 1n].map((other) => {
    view.setBigInt64(0, other);
    return view.getFloat64(0);
  });
}

/** How far a double is from numerator / denominator, in units that are the same for one fraction. */
function distance(value: number, numerator: bigint, denominator: bigint): bigint {
  const difference = scaled(value) * denominator - numerator * SCALE;
  return difference < 0n ? -difference : difference;
}

describe("the difficulty of a target", () => {
  it.each([
    [DIFFICULTY_1, 1],
    [DIFFICULTY_1 / 2n, 2],
    [DIFFICULTY_1 * 4n, 0.25],
    // Genesis, block 100,800, and regtest as Bitcoin Core's getdifficulty prints them.
    [bitsToTarget(0x1d00ffff), 1],
    [bitsToTarget(0x1b0404cb), 16307.420938523983],
    [bitsToTarget(0x207fffff), 4.6565423739069247e-10],
    [1n, 65535 * 2 ** 208],
  ])("%i is %d", (value, difficulty) => {
    expect(difficultyOfTarget(value)).toBe(difficulty);
  });

  it("is the nearest double, for any target", () => {
    fc.assert(
      fc.property(target, (value) => {
        const difficulty = difficultyOfTarget(value);
        const off = distance(difficulty, DIFFICULTY_1, value);
        for (const other of neighbours(difficulty)) expect(off <= distance(other, DIFFICULTY_1, value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is the nearest double where the quotient is a little more than a half between two", () => {
    for (const value of NEAR_HALVES) {
      const difficulty = difficultyOfTarget(value);
      const off = distance(difficulty, DIFFICULTY_1, value);
      for (const other of neighbours(difficulty)) expect(off <= distance(other, DIFFICULTY_1, value)).toBe(true);
    }
  });

  it("of a hash is that of the same integer, and finite for a hash of zeros", () => {
    expect(difficultyOfHash(targetToBytes(DIFFICULTY_1 / 8n))).toBe(8);
    expect(difficultyOfHash(new Uint8Array(32).fill(0xff))).toBeCloseTo(2.328e-10, 12);
    expect(difficultyOfHash(new Uint8Array(32))).toBe(65535 * 2 ** 208);
  });

  it("of a hash is off by a double's last digit at most", () => {
    fc.assert(
      fc.property(target, (value) => {
        const exact = difficultyOfTarget(value);
        const off = Math.abs(difficultyOfHash(targetToBytes(value)) - exact);
        expect(off).toBeLessThanOrEqual(2 * Number.EPSILON * exact);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the target of a difficulty", () => {
  it.each([
    [1, DIFFICULTY_1],
    [2, DIFFICULTY_1 / 2n],
    [0.5, DIFFICULTY_1 * 2n],
    [3, DIFFICULTY_1 / 3n],
    [0.1, (DIFFICULTY_1 * 2n ** 55n) / 3602879701896397n],
    // One unit in the last place below 2.
    [2 - 2 ** -52, (DIFFICULTY_1 << 52n) / ((1n << 53n) - 1n)],
    [2 ** 80, DIFFICULTY_1 >> 80n],
  ])("%d is exact, rounded down", (difficulty, value) => {
    expect(targetOfDifficulty(difficulty)).toBe(value);
  });

  it.each([0, -0, -1, Number.NEGATIVE_INFINITY, Number.NaN, Number.MIN_VALUE, 1e-10])(
    "%d is the easiest there is",
    (difficulty) => {
      expect(targetOfDifficulty(difficulty)).toBe(MAX_TARGET);
    },
  );

  it("is the easiest there is up to 65535 / 2^48, and harder from there", () => {
    const edge = 65535 / 2 ** 48;
    expect(targetOfDifficulty(edge)).toBe(MAX_TARGET);
    const [below = 0, above = 0] = neighbours(edge);
    expect(targetOfDifficulty(below)).toBe(MAX_TARGET);
    expect(targetOfDifficulty(above) < MAX_TARGET).toBe(true);
  });

  it.each([1e70, 1e300, 2 ** 1023, Number.MAX_VALUE, Number.POSITIVE_INFINITY])("%d is 1 and not 0", (difficulty) => {
    expect(targetOfDifficulty(difficulty)).toBe(1n);
  });

  it("is the exact quotient for any double", () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -32, max: 2 ** 223, noNaN: true }), (difficulty) => {
        expect(targetOfDifficulty(difficulty)).toBe((DIFFICULTY_1 * SCALE) / scaled(difficulty));
      }),
    );
  });

  it("is a target for any double at all", () => {
    fc.assert(
      fc.property(fc.double(), (difficulty) => {
        const value = targetOfDifficulty(difficulty);
        expect(value >= 1n && value <= MAX_TARGET).toBe(true);
      }),
    );
  });

  it("gives the difficulty back", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (difficulty) => {
        expect(Math.abs(difficultyOfTarget(targetOfDifficulty(difficulty)) / difficulty - 1)).toBeLessThan(2 ** -51);
      }),
    );
  });
});

describe("the target of a hashrate", () => {
  const of = (hashesPerSecond: number, sharesPerMinute = 60): bigint =>
    targetOfHashrate({ hashesPerSecond, sharesPerMinute });

  it("is met by one of so many hashes, exactly", () => {
    // (2^256 − n) / n, as the specification's chapter 5.1 has it.
    for (const hashes of [1n, 2n, 3n, 7n, 1_000_000_007n, 10n ** 14n]) {
      expect(of(Number(hashes))).toBe(((1n << 256n) - hashes) / hashes);
    }
  });

  it("follows the shares per minute, in fractions too", () => {
    expect(of(1_000_000, 6)).toBe(of(10_000_000, 60));
    expect(of(1, 40)).toBe((1n << 257n) / 3n - 1n);
    expect(of(1.000244140625)).toBe(((1n << 256n) * 4096n) / 4097n - 1n);
  });

  it.each([0, 1e-30, 0.999])("is the easiest there is below a hash per share (%d)", (hashesPerSecond) => {
    expect(of(hashesPerSecond)).toBe(MAX_TARGET);
  });

  it.each([
    // Where the product is still finite, then where it is not, then what no miner has.
    [2 ** 255, 1n],
    [2 ** 256, 1n],
    [1e300, 1n],
    [Number.MAX_VALUE, 1n],
    [Number.POSITIVE_INFINITY, 1n],
    [Number.NaN, 1n],
  ])("is never 0 and never throws (%d)", (hashesPerSecond, value) => {
    expect(of(hashesPerSecond)).toBe(value);
  });

  it("of the largest 32-bit float, which a client can send, is a target still", () => {
    const largest = 2 ** 128 - 2 ** 104;
    expect(of(largest)).toBe((1n << 256n) / BigInt(largest) - 1n);
  });

  it("is never easier for a faster miner", () => {
    const rate = fc.double({ min: 0, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        expect(of(Math.max(a, b)) <= of(Math.min(a, b))).toBe(true);
      }),
    );
  });
});
