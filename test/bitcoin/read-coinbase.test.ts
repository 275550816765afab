import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCoinbase } from "../../src/bitcoin/coinbase.ts";
import { BitcoinError } from "../../src/bitcoin/errors.ts";
import { coinbaseOutputs } from "../../src/bitcoin/read-coinbase.ts";
import { OutOfBytesError } from "../../src/core/byte-reader.ts";
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { AditError } from "../../src/core/errors.ts";

const OUTPUTS = [
  { value: 312_500_000n, script: fromHex(`0014${"aa".repeat(20)}`) },
  { value: 1n, script: fromHex("51") },
];
const COMMITMENT = fromHex(`6a24aa21a9ed${"bb".repeat(32)}`);

function built(extranonceSize: number, witnessCommitment?: Uint8Array) {
  return buildCoinbase({ height: 900_000, poolTag: "/t/", extranonceSize, outputs: OUTPUTS, witnessCommitment });
}

describe("the outputs of a coinbase in two parts", () => {
  it.each([1, 16, 32])("are those that it was built with, around an extranonce of %d bytes", (extranonceBytes) => {
    expect(coinbaseOutputs({ ...built(extranonceBytes), extranonceBytes })).toEqual(OUTPUTS);
  });

  it("have the witness commitment among them, last and without value", () => {
    const outputs = coinbaseOutputs({ ...built(16, COMMITMENT), extranonceBytes: 16 });
    expect(outputs).toEqual([...OUTPUTS, { value: 0n, script: COMMITMENT }]);
  });

  it("are found wherever the scriptSig is parted", () => {
    const { prefix, suffix } = built(16);
    // A pool that has four bytes of its scriptSig behind the extranonce.
    const parts = { prefix, extranonceBytes: 12, suffix: concatBytes(new Uint8Array(4), suffix) };
    expect(coinbaseOutputs(parts)).toEqual(OUTPUTS);
  });

  it("are refused where the extranonce is not as long as the scriptSig says", () => {
    for (const extranonceBytes of [0, 15, 17]) {
      expect(() => coinbaseOutputs({ ...built(16), extranonceBytes })).toThrow();
    }
  });

  it("are refused wherever the second part ends too early, and where something follows", () => {
    const { prefix, suffix } = built(16, COMMITMENT);
    for (let length = 0; length < suffix.length; length += 1) {
      expect(() => coinbaseOutputs({ prefix, extranonceBytes: 16, suffix: suffix.subarray(0, length) })).toThrow(
        AditError,
      );
    }
    const longer = concatBytes(suffix, new Uint8Array(1));
    expect(() => coinbaseOutputs({ prefix, extranonceBytes: 16, suffix: longer })).toThrow(BitcoinError);
  });

  it("are read or refused, with an error of its own kind, whatever a pool sends", () => {
    const { prefix, suffix } = built(16);
    const spoilt = fc.tuple(fc.nat(suffix.length - 1), fc.nat(255)).map(([index, byte]) => suffix.with(index, byte));
    fc.assert(
      fc.property(fc.oneof(spoilt, fc.uint8Array({ maxLength: 100 })), fc.nat(40), (bytes, extranonceBytes) => {
        try {
          expect(Array.isArray(coinbaseOutputs({ prefix, extranonceBytes, suffix: bytes }))).toBe(true);
        } catch (error) {
          expect(error instanceof BitcoinError || error instanceof OutOfBytesError, String(error)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
