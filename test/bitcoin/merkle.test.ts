import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { merklePath, merkleRoot, rootFromPath } from "../../src/bitcoin/merkle.ts";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The tree as one would draw it: a leaf by itself, or the hash of both halves, where the right half is as deep. */
function naiveRoot(leaves: readonly Uint8Array[], depth = Math.ceil(Math.log2(leaves.length))): Uint8Array {
  if (depth === 0) return leaves[0] ?? new Uint8Array(0);
  const half = 2 ** (depth - 1);
  const left = naiveRoot(leaves.slice(0, half), depth - 1);
  const right = leaves.length > half ? naiveRoot(leaves.slice(half), depth - 1) : left;
  return sha256(sha256(left, right));
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe.each(Array.from({ length: 17 }, (_, index) => index + 1))("a merkle tree over %d transactions", (count) => {
  const leaves = fc.array(hash, { minLength: count, maxLength: count });

  it("has the root of a naive implementation", () => {
    fc.assert(
      fc.property(leaves, (txids) => {
        expect(toHex(merkleRoot(txids))).toBe(toHex(naiveRoot(txids)));
      }),
      { numRuns: 20 },
    );
  });

  it("has a path that leads from any coinbase to that coinbase's root", () => {
    fc.assert(
      fc.property(leaves, hash, ([first, ...others], otherCoinbase) => {
        const path = merklePath(others);
        expect(path).toHaveLength(Math.ceil(Math.log2(count)));
        for (const coinbase of [first ?? otherCoinbase, otherCoinbase]) {
          expect(toHex(rootFromPath(coinbase, path))).toBe(toHex(naiveRoot([coinbase, ...others])));
        }
      }),
      { numRuns: 20 },
    );
  });

  it("leaves its leaves as they were", () => {
    fc.assert(
      fc.property(leaves, (txids) => {
        const before = txids.map(toHex);
        merkleRoot(txids);
        merklePath(txids.slice(1));
        expect(txids.map(toHex)).toEqual(before);
      }),
      { numRuns: 3 },
    );
  });
});

describe("a merkle tree", () => {
  it("has the root of block 170, the first with a payment", () => {
    const txids = [
      "b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082",
      "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
    ].map((text) => reversed(fromHex(text)));
    const root = "7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff";
    expect(toHex(reversed(merkleRoot(txids)))).toBe(root);
    expect(toHex(reversed(rootFromPath(txids[0] ?? new Uint8Array(0), merklePath(txids.slice(1)))))).toBe(root);
  });

  it("of the coinbase alone is the coinbase, with an empty path", () => {
    const coinbase = new Uint8Array(32).fill(7);
    expect(merkleRoot([coinbase])).toEqual(coinbase);
    expect(merklePath([])).toEqual([]);
    expect(rootFromPath(coinbase, [])).toEqual(coinbase);
  });

  it("of nothing is a mistake of the caller", () => {
    expect(() => merkleRoot([])).toThrow(RangeError);
  });
});
