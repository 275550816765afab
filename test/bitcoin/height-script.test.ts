import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heightOfScript, heightScript } from "../../src/bitcoin/coinbase.ts";
import { toHex } from "../../src/core/bytes.ts";

/** A script number as Script reads it: little-endian, the highest bit is the sign. */
function scriptNumber(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const [index, byte] of bytes.entries()) {
    value |= BigInt(index === bytes.length - 1 ? byte & 0x7f : byte) << BigInt(8 * index);
  }
  return (bytes.at(-1) ?? 0) >= 0x80 ? -value : value;
}

describe("BIP34's height", () => {
  // As Bitcoin Core's `CScript() << height` pushes it, and `<< OP_0` behind it up to 16, as its miner does.
  it.each([
    [0, "0000"],
    [1, "5100"],
    [2, "5200"],
    [15, "5f00"],
    [16, "6000"],
    [17, "0111"],
    [75, "014b"],
    [76, "014c"],
    [127, "017f"],
    [128, "028000"],
    [255, "02ff00"],
    [256, "020001"],
    [32_767, "02ff7f"],
    [32_768, "03008000"],
    [65_535, "03ffff00"],
    [65_536, "03000001"],
    // The first block of version 2, and the one of test/bitcoin/real-block.test.ts.
    [227_836, "03fc7903"],
    [357_238, "03767305"],
    [8_388_607, "03ffff7f"],
    [8_388_608, "0400008000"],
    [16_777_215, "04ffffff00"],
    [16_777_216, "0400000001"],
    [2_147_483_647, "04ffffff7f"],
    [2_147_483_648, "050000008000"],
    [4_294_967_295, "05ffffffff00"],
  ])("%d is %s", (height, hex) => {
    expect(toHex(heightScript(height))).toBe(hex);
  });

  it("above 16 is one minimal push of the number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 0xffffffff }), (height) => {
        const [length, ...rest] = heightScript(height);
        const bytes = Uint8Array.from(rest);
        expect(bytes).toHaveLength(length ?? -1);
        expect(scriptNumber(bytes)).toBe(BigInt(height));
        // Minimal: without its last byte it is another number, or none.
        expect(scriptNumber(bytes.subarray(0, -1))).not.toBe(BigInt(height));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the height of a script", () => {
  it.each([1, 2, 15, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 900_001, 2 ** 31 - 1])("is %d again", (height) => {
    expect(heightOfScript(new Uint8Array([...heightScript(height), 0xee, 0xee]))).toBe(height);
  });

  it.each([
    ["nothing", []],
    ["an empty push", [0x00, 0x01]],
    ["a push of five bytes", [5, 1, 1, 1, 1, 1, 1]],
    ["a push that is cut", [3, 1, 1]],
    ["an operation", [0x61, 1, 1]],
  ])("is none where it begins with %s", (_what, bytes) => {
    expect(heightOfScript(new Uint8Array(bytes))).toBeUndefined();
  });
});
