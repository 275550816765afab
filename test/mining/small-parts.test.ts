import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { ExtranonceAllocator, FIRST_ALLOCATIONS, MAX_ALLOCATION } from "../../src/mining/extranonce-allocator.ts";
import { identityText } from "../../src/mining/identity.ts";
import { ShareSum } from "../../src/mining/share-sum.ts";
import { boundedTarget, FLOOD_SHARES_PER_MINUTE, suitedDifficulty } from "../../src/mining/share-target.ts";

const EASIEST = (1n << 256n) - 1n;

describe("extranonce prefixes", () => {
  it("begin with the instance's number and go up", () => {
    const allocator = new ExtranonceAllocator(0x1234, 0);
    expect(toHex(allocator.allocate(8))).toBe("1234000000000001");
    expect(toHex(allocator.allocate(8))).toBe("1234000000000002");
    expect(toHex(allocator.allocate(16))).toBe("12340000000000030000000000000000");
  });

  it("go on from the number that the process drew, up to the last one that their bytes hold", () => {
    expect(toHex(new ExtranonceAllocator(1, FIRST_ALLOCATIONS - 1).allocate(8))).toBe("0001800000000000");
    expect(toHex(new ExtranonceAllocator(1, 0xffff_ffff).allocate(8))).toBe("0001000100000000");
    const last = new ExtranonceAllocator(1, MAX_ALLOCATION - 1);
    expect([last.left, toHex(last.allocate(8)), last.left]).toEqual([1, "0001ffffffffffff", 0]);
    expect(() => last.allocate(8), "none is given again").toThrow(RangeError);
  });

  it("never begin with each other, whatever their lengths and instances", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 8, max: 32 }), fc.integer({ min: 0, max: 2 })), { maxLength: 40 }),
        (wanted) => {
          const allocators = [0, 1, 65_535].map((id) => new ExtranonceAllocator(id, 1_700_000_000));
          const prefixes = wanted.map(([length, index]) =>
            toHex(allocators[index]?.allocate(length) ?? new Uint8Array(0)),
          );
          for (const [index, prefix] of prefixes.entries()) {
            for (const [other, longer] of prefixes.entries()) {
              if (index !== other) expect(longer.startsWith(prefix)).toBe(false);
            }
          }
        },
      ),
    );
  });

  it.each([-1, 65_536, 1.5])("are not made for instance %d", (id) => {
    expect(() => new ExtranonceAllocator(id, 0)).toThrow(RangeError);
  });

  it.each([7, 33])("are not made with %d bytes", (length) => {
    expect(() => new ExtranonceAllocator(0, 0).allocate(length)).toThrow(RangeError);
  });
});

describe("the sum of difficulties", () => {
  it("carries the fraction over to the next acknowledgement", () => {
    const sum = new ShareSum();
    sum.add(0.6);
    expect(sum.take()).toBe(0n);
    sum.add(0.6);
    expect(sum.take()).toBe(1n);
    sum.add(2.9);
    expect(sum.take()).toBe(3n);
  });

  it.each([0.0001, 0.1, 1 / 3, 1e6 + 0.1])("of a day of shares of difficulty %d loses nothing", (difficulty) => {
    const sum = new ShareSum();
    let taken = 0n;
    const shares = 200_000;
    for (let share = 0; share < shares; share += 1) {
      sum.add(difficulty);
      if (share % 7 === 0) taken += sum.take();
    }
    taken += sum.take();
    expect(Math.abs(Number(taken) - shares * difficulty)).toBeLessThanOrEqual(1);
  });

  it("stops at what 64 bits hold", () => {
    const sum = new ShareSum();
    sum.add(2 ** 70);
    expect(sum.take()).toBe((1n << 64n) - 1n);
  });
});

describe("an identity's text", () => {
  it.each([
    ["alice.rig1", "alice.rig1"],
    ["é✓", "é✓"],
    ["", ""],
    ["<b>", "<b>"],
  ])("%j is itself", (text, wanted) => {
    expect(identityText(new TextEncoder().encode(text))).toBe(wanted);
  });

  it.each(["00", "610a62", "1b5b316d", "ff", "c328", "e280ae61", "c285", "3078", "efbbbf61", "61e2808b"])(
    "%s is shown in hexadecimal",
    (hex) => {
      expect(identityText(fromHex(hex))).toBe(`0x${hex}`);
    },
  );

  it("differs for different bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
        expect(identityText(a) === identityText(b)).toBe(toHex(a) === toHex(b));
      }),
    );
  });
});

describe("a share target", () => {
  const bounds = { minDifficulty: 1, networkTarget: targetOfDifficulty(1e6), maxTarget: EASIEST, sharesPerMinute: 12 };

  it("follows the announced hashrate", () => {
    // 2^32 hashes a second, 12 shares a minute: five seconds' work.
    expect(suitedDifficulty(2 ** 32, 12)).toBeCloseTo(5, 3);
    expect(suitedDifficulty(0, 12), "where there is one").toBe(0);
  });

  it("is never easier than the least difficulty, nor than the client's maximum", () => {
    expect(boundedTarget(EASIEST, bounds).difficulty).toBe(1);
    const maxTarget = targetOfDifficulty(1000);
    expect(boundedTarget(EASIEST, { ...bounds, maxTarget }).difficulty).toBe(1000);
    expect(boundedTarget(targetOfDifficulty(5000), { ...bounds, maxTarget }).difficulty).toBeCloseTo(5000, 6);
    expect(boundedTarget(0n, bounds).value).toBe(1n);
  });

  it("may be as easy as a block's where that is easier than the least difficulty, and no easier", () => {
    const easy = { ...bounds, networkTarget: targetOfDifficulty(0.01) };
    expect(boundedTarget(EASIEST, easy).difficulty).toBeCloseTo(0.01, 9);
  });

  it.each([
    [1_000, 1_000],
    [1_000.1, 1_000],
    [10_000, 1_000],
    [10_010, 1_001],
    [1e9, 1e8],
  ])(
    "of a wanted difficulty of %d on a network of 1,000 is %d: no harder than a block's, and no flood",
    (wanted, given) => {
      const network = { ...bounds, networkTarget: targetOfDifficulty(1_000) };
      expect(boundedTarget(targetOfDifficulty(wanted), network).difficulty / given).toBeCloseTo(1, 9);
      const maxTarget = targetOfDifficulty(2_000);
      const client = boundedTarget(targetOfDifficulty(wanted), { ...network, maxTarget });
      expect(client.difficulty / Math.max(2_000, given), "the client's wish goes first").toBeCloseTo(1, 9);
    },
  );

  it("is as hard as the operator wants where that alone makes more shares than a flood", () => {
    const busy = { ...bounds, networkTarget: targetOfDifficulty(1), sharesPerMinute: 2 * FLOOD_SHARES_PER_MINUTE };
    expect(boundedTarget(targetOfDifficulty(5_000), busy).difficulty / 5_000).toBeCloseTo(1, 9);
  });

  it.each([1e-30, 1e30, 3.4e38])("exists for a hashrate of %d", (hashrate) => {
    const wanted = targetOfDifficulty(suitedDifficulty(hashrate, 12));
    const target = boundedTarget(wanted, { ...bounds, minDifficulty: 0 });
    expect(target.value > 0n && target.value <= EASIEST).toBe(true);
    expect(target.bytes).toEqual(targetToBytes(target.value));
  });
});
