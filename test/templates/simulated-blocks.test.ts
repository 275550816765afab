import { beforeEach, describe, expect, it } from "vitest";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { concatBytes } from "../../src/core/bytes.ts";
import { type BlockParts, blockOf, goodParts, paying, SimulatedBench, withOthers } from "./simulated-bench.ts";

let bench: SimulatedBench;

beforeEach(async () => {
  bench = await SimulatedBench.start();
});

/** Submits a block with that change, and sees that it moves the tip only where it is accepted. */
async function verdictOf(change: (good: BlockParts) => Partial<BlockParts>): Promise<string> {
  const { height } = bench.source;
  const announced = bench.announced.length;
  const verdict = await bench.submitChanged(change);
  const moved = verdict === "accepted" ? 1 : 0;
  expect(bench.source.height).toBe(height + moved);
  expect(bench.announced).toHaveLength(announced + moved);
  return verdict;
}

describe("a block of the simulated node's template", () => {
  it("is accepted and becomes the tip", async () => {
    const { template } = bench;
    const bytes = blockOf(goodParts(template));
    expect(await bench.submit(bytes)).toBe("accepted");
    expect(bench.source.height).toBe(template.height);
    expect(bench.source.tipHash).toEqual(sha256d(bytes.subarray(0, 80)));
    expect(bench.source.blocks.at(-1)).toMatchObject({ time: template.curTime, foundBy: "pool" });
    const [accepted] = bench.metrics.samples().filter(({ name }) => name === "adit_simulated_blocks_accepted_total");
    expect(accepted?.value).toBe(1);
  });

  it("is accepted without transactions", async () => {
    bench = await SimulatedBench.start({ transactions: 0 });
    expect(await verdictOf(() => ({}))).toBe("accepted");
  });

  it("may hold any of the transactions in any order, with what their fees allow", async () => {
    expect(await verdictOf((good) => withOthers(good, good.transactions.slice(1).reverse()))).toBe("accepted");
    expect(await verdictOf((good) => paying(withOthers(good, good.transactions.slice(2)), 312_500_000n))).toBe(
      "accepted",
    );
  });

  it("may roll the version within BIP323's bits", async () => {
    expect(await verdictOf(({ version }) => ({ version: (version | 0x1fffffe0) >>> 0 }))).toBe("accepted");
  });
});

describe("the header of a submitted block", () => {
  it("is refused with bad-version where its version is below 4 or negative", async () => {
    expect(await verdictOf(() => ({ version: 3 }))).toBe("bad-version(0x00000003)");
    expect(await verdictOf(() => ({ version: 0xa0000000 }))).toBe("bad-version(0xa0000000)");
    expect(await verdictOf(() => ({ version: 4 }))).toBe("accepted");
  });

  it("is refused with prev-blk-not-found where its previous block is unknown", async () => {
    expect(await verdictOf(() => ({ prevHash: new Uint8Array(32).fill(7) }))).toBe("prev-blk-not-found");
  });

  it("is refused with bad-diffbits where its target is another, be it harder", async () => {
    expect(await verdictOf(({ bits }) => ({ bits: bits - 1 }))).toBe("bad-diffbits");
    expect(await verdictOf(({ bits }) => ({ bits: bits + 1 }))).toBe("bad-diffbits");
  });

  it("is refused with high-hash where its hash is above the target", async () => {
    expect(await verdictOf(() => ({ unsolved: true }))).toBe("high-hash");
  });

  it("is refused with time-too-old up to the median time past", async () => {
    const { minTime } = bench.template;
    expect(await verdictOf(() => ({ time: minTime - 1 }))).toBe("time-too-old");
    expect(await verdictOf(() => ({ time: minTime }))).toBe("accepted");
  });

  it("is refused with time-too-new from two hours ahead of the clock", async () => {
    const { nowSeconds } = bench;
    expect(await verdictOf(() => ({ time: nowSeconds + 7_201 }))).toBe("time-too-new");
    expect(await verdictOf(() => ({ time: nowSeconds + 7_200 }))).toBe("accepted");
  });

  it("is refused with bad-txnmrklroot where one bit of the root differs", async () => {
    const bytes = blockOf(goodParts(bench.template));
    const merkleRoot = bytes.slice(36, 68);
    merkleRoot[31] = (merkleRoot[31] ?? 0) ^ 1;
    expect(await verdictOf(() => ({ merkleRoot }))).toBe("bad-txnmrklroot");
  });
});

describe("a block that is not the tip's next", () => {
  it("is accepted and changes nothing where it is known already", async () => {
    const bytes = blockOf(goodParts(bench.template));
    await bench.submit(bytes);
    const announced = bench.announced.length;
    expect(await bench.submit(bytes)).toBe("accepted");
    bench.source.mineOtherBlock();
    expect(await bench.submit(bytes), "a block below the tip").toBe("accepted");
    expect(bench.source.height).toBe(900_002);
    expect(bench.announced).toHaveLength(announced + 1);
  });

  it("is inconclusive on an older tip, also with the earliest time that its own place allows", async () => {
    const good = goodParts(bench.template);
    bench.clock.advance(60_000);
    for (let block = 0; block < 3; block += 1) bench.source.mineOtherBlock();
    const { tipHash } = bench.source;
    expect(bench.template.minTime).toBeGreaterThan(good.time);
    expect(await bench.submit(blockOf(good))).toBe("inconclusive");
    expect(bench.source.tipHash).toEqual(tipHash);
    expect(bench.announced).toHaveLength(4);
  });

  it("stands beside the chain from then on; one that was refused, or never came, is unknown", async () => {
    const good = goodParts(bench.template);
    const [late, never] = [blockOf(good), blockOf({ ...good, time: good.time + 1 })];
    const wrong = blockOf({ ...good, bits: good.bits - 1 });
    bench.source.mineOtherBlock();
    await bench.submit(wrong);
    const standing = (block: Uint8Array) => bench.source.blockStanding(sha256d(block.subarray(0, 80)));
    expect(await standing(late)).toEqual({ kind: "unknown", tipHeight: 900_001 });
    expect(await bench.submit(late)).toBe("inconclusive");
    bench.source.mineOtherBlock();
    expect(await standing(late)).toEqual({ kind: "off-chain", tipHeight: 900_002 });
    for (const block of [wrong, never]) expect(await standing(block)).toEqual({ kind: "unknown", tipHeight: 900_002 });
  });

  it("is refused on an older tip for what is wrong with its header", async () => {
    const good = goodParts(bench.template);
    bench.source.mineOtherBlock();
    expect(await bench.submit(blockOf({ ...good, unsolved: true }))).toBe("high-hash");
  });
});

describe("bytes that are no block", () => {
  it("are refused with block-decode-failed", async () => {
    expect(await bench.submit(new Uint8Array(0))).toBe("block-decode-failed");
    expect(await bench.submit(new Uint8Array(1_000).fill(0xff))).toBe("block-decode-failed");
  });

  it("are refused with block-decode-failed wherever a good block is cut, and where a byte follows it", async () => {
    const bytes = blockOf(goodParts(bench.template));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await bench.submit(bytes.subarray(0, length)), `${length} bytes`).toBe("block-decode-failed");
    }
    expect(await bench.submit(concatBytes(bytes, Uint8Array.of(0)))).toBe("block-decode-failed");
    expect(await bench.submit(bytes)).toBe("accepted");
  });
});
