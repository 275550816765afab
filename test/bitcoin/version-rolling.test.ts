import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clearRollableBits, VERSION_ROLLING_MASK } from "../../src/bitcoin/version-rolling.ts";

describe("version rolling (BIP323)", () => {
  it("gives miners bits 5 to 28, and no others", () => {
    const bits = Array.from({ length: 32 }, (_, index) => index).filter((bit) => (VERSION_ROLLING_MASK >>> bit) & 1);
    expect(bits).toEqual(Array.from({ length: 24 }, (_, index) => 5 + index));
  });

  it.each([
    [0x20000000, 0x20000000],
    [0x3fffe000, 0x20000000],
    [0xffffffff, 0xe000001f],
    [0x1fffffe0, 0],
    [0x00000020, 0],
    [0x10000000, 0],
    [0x0000001f, 0x0000001f],
    [0x80000004, 0x80000004],
    [0, 0],
  ])("clears %i to %i", (version, cleared) => {
    expect(clearRollableBits(version)).toBe(cleared);
  });

  it("clears no other bit, and gives an unsigned integer", () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (version) => {
        const cleared = clearRollableBits(version);
        expect(cleared).toBeGreaterThanOrEqual(0);
        expect((cleared & VERSION_ROLLING_MASK) >>> 0).toBe(0);
        expect(((version ^ cleared) & ~VERSION_ROLLING_MASK) >>> 0).toBe(0);
      }),
    );
  });
});
