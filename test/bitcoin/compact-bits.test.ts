import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitsToTarget, targetFromBytes, targetToBits, targetToBytes } from "../../src/bitcoin/target.ts";
import { toHex } from "../../src/core/bytes.ts";

const MAX_TARGET = (1n << 256n) - 1n;

/** `[bits, target, bits of that target]`, from Bitcoin Core's src/test/arith_uint256_tests.cpp, bignum_SetCompact. */
const CORE_VECTORS: readonly [number, bigint, number][] = [
  [0x00000000, 0n, 0],
  [0x00123456, 0n, 0],
  [0x01003456, 0n, 0],
  [0x02000056, 0n, 0],
  [0x03000000, 0n, 0],
  [0x04000000, 0n, 0],
  [0x00923456, 0n, 0],
  [0x01803456, 0n, 0],
  [0x02800056, 0n, 0],
  [0x03800000, 0n, 0],
  [0x04800000, 0n, 0],
  [0x01123456, 0x12n, 0x01120000],
  [0x02123456, 0x1234n, 0x02123400],
  [0x03123456, 0x123456n, 0x03123456],
  [0x04123456, 0x12345600n, 0x04123456],
  [0x05009234, 0x92340000n, 0x05009234],
  [0x20123456, 0x123456n << 232n, 0x20123456],
];

/** Core's two negative vectors, a set sign bit at the sizes of real headers, and its vector of overflow. */
const NO_TARGETS: readonly [string, number][] = [
  ["negative", 0x01fedcba],
  ["negative", 0x04923456],
  ["negative", 0x1d80ffff],
  ["negative", 0x20ffffff],
  ["negative", 0x03800001],
  ["too large", 0xff123456],
  ["too large, 3 bytes at size 33", 0x21010000],
  ["too large, 2 bytes at size 34", 0x22000100],
  ["too large, 1 byte at size 35", 0x23000001],
  ["too large, at the largest size", 0xff000001],
];

/** The bits as their definition words them: a length in bytes, and the first three of a signed big-endian number. */
function bitsByDefinition(target: bigint): number {
  const hex = target.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const signed = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even;
  return Number.parseInt((signed.length / 2).toString(16).padStart(2, "0") + signed.padEnd(6, "0").slice(0, 6), 16);
}

describe("compact bits", () => {
  it.each(CORE_VECTORS)("%i are the target that Bitcoin Core reads, and back", (bits, target, back) => {
    expect(bitsToTarget(bits)).toBe(target);
    expect(targetToBits(target)).toBe(back);
  });

  it.each(NO_TARGETS)("that are %s (%i) are a target that nothing meets", (_why, bits) => {
    expect(bitsToTarget(bits)).toBe(0n);
  });

  it("reach to the last target that fits 256 bits", () => {
    expect(bitsToTarget(0x20ffff00 - 0x800000)).toBe(0x7fff00n << 232n);
    expect(bitsToTarget(0x2100ffff)).toBe(0xffffn << 240n);
    expect(bitsToTarget(0x220000ff)).toBe(0xffn << 248n);
    expect(bitsToTarget(0x23000000)).toBe(0n);
  });

  it.each([
    ["the main network's easiest", 0x1d00ffff, 0xffffn << 208n],
    ["regtest's", 0x207fffff, 0x7fffffn << 232n],
    ["signet's", 0x1e0377ae, 0x0377aen << 216n],
    ["block 100,800's", 0x1b0404cb, 0x0404cbn << 192n],
  ])("of real headers, %s, are read and written", (_name, bits, target) => {
    expect(bitsToTarget(bits)).toBe(target);
    expect(targetToBits(target)).toBe(bits);
  });

  it("never have the sign bit set: a byte more is used", () => {
    // The one vector of Bitcoin Core's tests that begins with the number.
    expect(targetToBits(0x80n)).toBe(0x02008000);
    expect(targetToBits(0x7fn)).toBe(0x017f0000);
    expect(targetToBits(0x8000n)).toBe(0x03008000);
    expect(targetToBits(0x800000n)).toBe(0x04008000);
    expect(targetToBits(0x7fffffn)).toBe(0x037fffff);
    expect(targetToBits(MAX_TARGET)).toBe(0x2100ffff);
  });

  it("of any target are its first bytes, rounded down, and are read back to themselves", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: MAX_TARGET }), fc.nat({ max: 255 }), (large, shift) => {
        const target = large >> BigInt(shift);
        const bits = targetToBits(target);
        expect(bits).toBe(target === 0n ? 0 : bitsByDefinition(target));
        const kept = bitsToTarget(bits);
        expect(kept <= target).toBe(true);
        expect((target - kept) << 15n <= target).toBe(true);
        expect(targetToBits(kept)).toBe(bits);
      }),
      { numRuns: 500 },
    );
  });

  it("of any 32 bits are a target of 256 bits at most", () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (bits) => {
        const target = bitsToTarget(bits);
        expect(target >= 0n && target <= MAX_TARGET).toBe(true);
        expect(bitsToTarget(targetToBits(target))).toBe(target);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a target's 32 bytes", () => {
  it("are little-endian", () => {
    expect(toHex(targetToBytes(0x0102n))).toBe(`0201${"00".repeat(30)}`);
    expect(toHex(targetToBytes(0xffffn << 208n))).toBe(`${"00".repeat(26)}ffff00000000`);
    expect(toHex(targetToBytes(MAX_TARGET))).toBe("ff".repeat(32));
    expect(toHex(targetToBytes(0n))).toBe("00".repeat(32));
  });

  it("are read back to the same integer", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_TARGET }), (target) => {
        expect(targetFromBytes(targetToBytes(target))).toBe(target);
      }),
    );
  });
});
