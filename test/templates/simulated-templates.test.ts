import { describe, expect, it } from "vitest";
import { merkleRoot, rootFromPath } from "../../src/bitcoin/merkle.ts";
import { subsidyAt } from "../../src/bitcoin/subsidy.ts";
import { bitsToTarget, targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { parseTransaction, serializeTransaction, txidOf, wtxidOf } from "../../src/bitcoin/transaction.ts";
import { commitmentIn, witnessCommitment } from "../../src/bitcoin/witness-commitment.ts";
import { toHex } from "../../src/core/bytes.ts";
import { SimulatedChain, simulatedSubsidy } from "../../src/templates/simulated-chain.ts";
import { SeededRandom, simulatedTransaction, transactionWeight } from "../../src/templates/simulated-transactions.ts";
import { SimulatedBench } from "./simulated-bench.ts";

describe("a template of the simulated node", () => {
  it("stands on the tip, with the version, target and source that it says", async () => {
    const bench = await SimulatedBench.start({ difficulty: 0.005 });
    const { template, source } = bench;
    expect(template).toMatchObject({
      templateId: 1,
      source: "simulated",
      height: 900_001,
      prevHash: source.tipHash,
      version: 0x20000000,
      receivedAtMs: bench.clock.nowMs(),
    });
    // Compact bits keep three digits of the target, and only ever round down.
    const target = targetOfDifficulty(0.005);
    expect(bitsToTarget(template.bits)).toBeLessThanOrEqual(target);
    expect(bitsToTarget(template.bits)).toBeGreaterThan((target * 32_767n) / 32_768n);
    expect(bench.states).toEqual([{ kind: "ready" }]);
  });

  it.each([0, 1, 2, 5, 200])("with %i transactions has their ids, merkle path and commitment right", async (count) => {
    const { template } = await SimulatedBench.start({ transactions: count });
    expect(template.transactions).toHaveLength(count);
    const parsed = template.transactions.map(({ data }) => parseTransaction(data));
    expect(template.transactions.map(({ txid }) => toHex(txid))).toEqual(parsed.map((each) => toHex(txidOf(each))));
    const coinbaseTxid = new Uint8Array(32).fill(0xcb);
    expect(rootFromPath(coinbaseTxid, template.merklePath)).toEqual(merkleRoot([coinbaseTxid, ...parsed.map(txidOf)]));
    const wanted = witnessCommitment(parsed.map(wtxidOf), new Uint8Array(32));
    expect(commitmentIn(template.witnessCommitment ?? new Uint8Array(0))).toEqual(wanted);
  });

  it("offers the subsidy alone without transactions, and their fees on top with them", async () => {
    const empty = await SimulatedBench.start({ transactions: 0 });
    expect(empty.template.coinbaseValue).toBe(312_500_000n);
    expect(empty.template.nextSubsidy).toBe(312_500_000n);
    const full = await SimulatedBench.start({ transactions: 100 });
    const fees = full.template.coinbaseValue - 312_500_000n;
    expect(fees).toBeGreaterThanOrEqual(100n * 200n);
    expect(fees).toBeLessThanOrEqual(100n * 20_000n);
  });

  it("asks for a time above the median of the last eleven blocks, and gives the clock's", async () => {
    const bench = await SimulatedBench.start();
    expect(bench.template.curTime).toBe(bench.nowSeconds);
    expect(bench.template.minTime).toBe(bench.nowSeconds - 600 + 1);
    for (let block = 1; block <= 25; block += 1) {
      bench.clock.advance(60_000 + 1_000 * ((block * 7) % 5));
      bench.source.mineOtherBlock();
      const times = bench.source.blocks.slice(-11).map(({ time }) => time);
      times.sort((a, b) => a - b);
      expect(bench.template.minTime).toBe((times[Math.floor(times.length / 2)] ?? 0) + 1);
      expect(bench.template.curTime).toBe(Math.max(bench.nowSeconds, bench.template.minTime));
    }
  });

  it("gives the earliest possible time where the clock does not move", async () => {
    const bench = await SimulatedBench.start({ transactions: 0 });
    for (let block = 1; block <= 30; block += 1) bench.source.mineOtherBlock();
    const { curTime, minTime } = bench.template;
    expect(minTime).toBeGreaterThan(bench.nowSeconds);
    expect(curTime).toBe(minTime);
    expect(await bench.submitChanged()).toBe("accepted");
  });

  it("holds no more transactions than fit a block beside its header and coinbase", async () => {
    const bench = await SimulatedBench.start({ transactions: 20_000 });
    const weightOf = (): number =>
      bench.template.transactions.reduce((sum, { data }) => sum + transactionWeight(parseTransaction(data)), 0);
    for (let round = 0; round < 2; round += 1) {
      expect(weightOf()).toBeLessThanOrEqual(4_000_000 - 8_000);
      expect(weightOf(), "and is full").toBeGreaterThan(4_000_000 - 8_000 - 2_000);
      bench.source.refresh();
    }
    expect(await bench.submitChanged()).toBe("accepted");
  });

  it("is the same for the same seed, and another for another or by chance", async () => {
    const first = await SimulatedBench.start({ seed: 5 });
    const same = await SimulatedBench.start({ seed: 5 });
    const other = await SimulatedBench.start({ seed: 6 });
    expect(same.template).toEqual(first.template);
    expect(other.template.prevHash).not.toEqual(first.template.prevHash);
    expect(other.template.transactions).not.toEqual(first.template.transactions);
  });
});

describe("the transactions of the simulated node", () => {
  it("parse to what was written, have witnesses, sizes and fees that vary, and their ids and weight right", () => {
    const random = new SeededRandom(3);
    const made = Array.from({ length: 50 }, () => simulatedTransaction(random));
    for (const { data, txid, wtxid, weight } of made) {
      const parsed = parseTransaction(data);
      expect(serializeTransaction(parsed, { witness: true })).toEqual(data);
      expect(txidOf(parsed)).toEqual(txid);
      expect(wtxidOf(parsed)).toEqual(wtxid);
      expect(txid).not.toEqual(wtxid);
      expect(parsed.inputs.every(({ witness }) => witness.length === 2)).toBe(true);
      expect(weight).toBe(3 * serializeTransaction(parsed, { witness: false }).length + data.length);
    }
    expect(new Set(made.map(({ txid }) => toHex(txid))).size).toBe(50);
    expect(new Set(made.map(({ data }) => data.length)).size).toBeGreaterThan(3);
    expect(new Set(made.map(({ fee }) => fee)).size).toBeGreaterThan(40);
  });

  it("come from a generator that stays in its bounds and never sticks at 0", () => {
    const random = new SeededRandom(0);
    const drawn = Array.from({ length: 1_000 }, () => random.between(3, 5));
    expect([...new Set(drawn)].sort()).toEqual([3, 4, 5]);
    expect(random.bytes(7)).toHaveLength(7);
  });
});

describe("the simulated chain", () => {
  it("pays as the main network does", () => {
    for (const height of [0, 210_000, 900_001, 64 * 210_000]) {
      expect(simulatedSubsidy(height)).toBe(subsidyAt("main", height));
    }
  });

  it("remembers 1,000 blocks, and forgets the oldest for one more", () => {
    const hashOf = (height: number): Uint8Array => {
      const hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, height);
      return hash;
    };
    const chain = new SimulatedChain(0x207fffff, { hash: hashOf(900_000), time: 1_000 });
    for (let height = 900_001; height < 901_000; height += 1) {
      chain.add({ height, hash: hashOf(height), time: height, foundBy: "others" });
    }
    expect(chain.blocks).toHaveLength(1_000);
    expect(chain.blocks[0]?.height).toBe(900_000);
    chain.add({ height: 901_000, hash: hashOf(901_000), time: 901_000, foundBy: "others" });
    expect(chain.blocks).toHaveLength(1_000);
    expect(chain.blocks[0]?.height).toBe(900_001);
    expect(chain.tip.height).toBe(901_000);
  });
});
