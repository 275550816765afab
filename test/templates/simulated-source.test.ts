import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { blockOf, goodParts, paying, SimulatedBench } from "./simulated-bench.ts";

/** What was announced, shortened: `tip 900001`, `refresh 900001`. */
function story(bench: SimulatedBench): string[] {
  return bench.announced.map(({ template, newTip }) => `${newTip ? "tip" : "refresh"} ${template.height}`);
}

describe("a simulated node that starts", () => {
  it("says that it earns nothing, that it is ready, and announces its first template as a new tip", async () => {
    const bench = await SimulatedBench.start();
    expect(bench.logger.lines.map(({ level }) => level)).toEqual(["warn"]);
    expect(bench.states).toEqual([{ kind: "ready" }]);
    expect(story(bench)).toEqual(["tip 900001"]);
  });

  it("has no timers where neither refreshes nor blocks of others are wanted", async () => {
    const bench = await SimulatedBench.start();
    expect(bench.clock.pending).toBe(0);
  });

  it("numbers its templates from 1, without a gap", async () => {
    const bench = await SimulatedBench.start();
    bench.source.refresh();
    bench.source.mineOtherBlock();
    await bench.submitChanged();
    expect(bench.announced.map(({ template }) => template.templateId)).toEqual([1, 2, 3, 4]);
  });
});

describe("refreshed templates", () => {
  it("come each interval on the same tip, with some of the transactions replaced", async () => {
    const bench = await SimulatedBench.start({ refreshSeconds: 30, transactions: 200 });
    const first = bench.template;
    bench.clock.advance(29_999);
    expect(story(bench)).toEqual(["tip 900001"]);
    bench.clock.advance(1);
    expect(story(bench)).toEqual(["tip 900001", "refresh 900001"]);
    bench.clock.advance(30_000);
    expect(story(bench)).toHaveLength(3);
    const second = bench.announced[1]?.template ?? first;
    expect(second.prevHash).toEqual(first.prevHash);
    expect(second.minTime).toBe(first.minTime);
    expect(second.curTime).toBe(first.curTime + 30);
    expect(second.transactions).toHaveLength(200);
    const before = new Set(first.transactions.map(({ txid }) => toHex(txid)));
    const kept = second.transactions.filter(({ txid }) => before.has(toHex(txid)));
    expect(kept.length).toBeGreaterThan(150);
    expect(kept.length).toBeLessThan(200);
  });

  it("leave blocks of the older templates valid", async () => {
    const bench = await SimulatedBench.start({ transactions: 200 });
    const older = goodParts(bench.template);
    for (let refresh = 0; refresh < 16; refresh += 1) bench.source.refresh();
    expect(await bench.submit(blockOf(older))).toBe("accepted");
  });

  it("forget the oldest replaced transactions beyond 10,000, and none of the present template", async () => {
    const bench = await SimulatedBench.start({ transactions: 3_000 });
    const { template } = bench;
    // Refused in any case, by what it pays or, where one is forgotten, by its transactions: the tip stays.
    const probe = blockOf(paying(goodParts(template), template.coinbaseValue + 1n));
    const seen = new Set<string>();
    const verdicts: string[] = [];
    for (let replaced = 0; replaced <= 10_000; bench.source.refresh()) {
      for (const { txid } of bench.template.transactions) seen.add(toHex(txid));
      replaced = seen.size - 3_000;
      if (replaced > 9_500) verdicts.push(await bench.submit(probe));
    }
    expect(verdicts.pop()).toBe("bad-txns-inputs-missingorspent");
    expect(new Set(verdicts)).toEqual(new Set(["bad-cb-amount"]));
    const first = new Set(template.transactions.map(({ txid }) => toHex(txid)));
    expect(bench.template.transactions.some(({ txid }) => first.has(toHex(txid)))).toBe(true);
    expect(await bench.submitChanged()).toBe("accepted");
  });
});

describe("blocks of others", () => {
  it("come at their interval, counted anew from each block", async () => {
    const bench = await SimulatedBench.start({ blockIntervalSeconds: 600 });
    bench.clock.advance(599_999);
    expect(bench.source.height).toBe(900_000);
    bench.clock.advance(1);
    expect(story(bench)).toEqual(["tip 900001", "tip 900002"]);
    expect(bench.source.blocks.at(-1)).toMatchObject({ foundBy: "others", time: bench.nowSeconds });
    bench.clock.advance(300_000);
    expect(await bench.submitChanged()).toBe("accepted");
    bench.clock.advance(599_999);
    expect(bench.source.height, "the pool's block began a new interval").toBe(900_002);
    bench.clock.advance(1);
    expect(bench.source.height).toBe(900_003);
    expect(bench.clock.pending).toBe(1);
  });

  it("take all present transactions, and replace them by new ones", async () => {
    const bench = await SimulatedBench.start();
    const before = new Set(bench.template.transactions.map(({ txid }) => toHex(txid)));
    bench.source.mineOtherBlock();
    expect(bench.template.prevHash).toEqual(bench.source.tipHash);
    expect(bench.template.transactions.some(({ txid }) => before.has(toHex(txid)))).toBe(false);
  });
});

describe("an accepted block", () => {
  it("has its new tip announced before its submitter hears of it", async () => {
    const bench = await SimulatedBench.start();
    const submitting = bench.submitChanged();
    expect(story(bench)).toEqual(["tip 900001", "tip 900002"]);
    expect(bench.template.prevHash).toEqual(bench.source.tipHash);
    expect(await submitting).toBe("accepted");
  });

  it("takes its transactions out of the next template, and leaves the others in", async () => {
    const bench = await SimulatedBench.start({ transactions: 200 });
    const older = bench.template;
    bench.source.refresh();
    const mined = new Set(older.transactions.map(({ txid }) => toHex(txid)));
    const left = bench.template.transactions.map(({ txid }) => toHex(txid)).filter((txid) => !mined.has(txid));
    expect(left.length).toBeGreaterThan(0);
    expect(await bench.submit(blockOf(goodParts(older)))).toBe("accepted");
    const next = bench.template.transactions.map(({ txid }) => toHex(txid));
    expect(next).toHaveLength(200);
    expect(next.some((txid) => mined.has(txid))).toBe(false);
    expect(next.slice(0, left.length)).toEqual(left);
  });
});

describe("a simulated node that is stopped", () => {
  it("has no timers, and tells its listener nothing more", async () => {
    const bench = await SimulatedBench.start({ blockIntervalSeconds: 600, refreshSeconds: 30 });
    expect(bench.clock.pending).toBe(2);
    await bench.source.stop();
    expect(bench.clock.pending).toBe(0);
    bench.clock.advance(3_600_000);
    bench.source.refresh();
    expect(story(bench)).toEqual(["tip 900001"]);
  });

  it("still takes a block that was on its way, and starts no timer for it", async () => {
    const bench = await SimulatedBench.start({ blockIntervalSeconds: 600 });
    await bench.source.stop();
    expect(await bench.submitChanged()).toBe("accepted");
    expect(bench.source.height).toBe(900_001);
    expect(bench.clock.pending).toBe(0);
  });

  it("can be stopped before it started, and twice", async () => {
    const bench = new SimulatedBench();
    await bench.source.stop();
    await bench.source.stop();
    expect(story(bench)).toEqual([]);
  });
});
