import { describe, expect, it } from "vitest";
import { ChoiceBench, chain, fault } from "./node-choice-bench.ts";

describe("what is said of a node", () => {
  it("is said once when it cannot be used, and once when it has been usable again for 10 s", () => {
    const bench = ChoiceBench.ready();
    expect(bench.see({ c: fault("unreachable") })).toEqual(["c unreachable: it is unreachable"]);
    expect(bench.pass(20_000)).toEqual([]);
    for (let blink = 0; blink < 5; blink += 1) {
      expect(bench.see({ c: chain(100) })).toEqual([]);
      expect(bench.pass(9_999)).toEqual([]);
      expect(bench.see({ c: fault("unreachable") })).toEqual([]);
    }
    bench.see({ c: chain(100) });
    bench.pass(9_999);
    expect(bench.pass(1)).toEqual(["c usable"]);
    expect(bench.pass(20_000)).toEqual([]);
  });

  it("is said again when it is another fault", () => {
    const bench = ChoiceBench.ready();
    bench.see({ c: fault("unreachable") });
    expect(bench.see({ c: fault("failing") })).toEqual(["c failing: it is failing"]);
  });

  it("is that it is on another chain, where its blocks differ from the heavier one's", () => {
    const bench = ChoiceBench.ready();
    bench.see({ c: chain(97, "y") });
    const comparison = { node: 2, heavier: 0, height: 94 };
    expect(bench.choice.comparisons()).toEqual([comparison]);
    bench.choice.compared(comparison, true);
    expect(bench.pass(2_500)).toEqual([
      "c other-chain: c is on another chain than a, which has more work (block 97, and 100 there)",
    ]);
    expect(bench.states).toEqual({ a: "templates", b: "standby", c: "other-chain" });
    bench.choice.compared(comparison, false);
    expect(bench.decide()).toEqual(["c behind: c is behind a (block 97, and 100 there)"]);
  });

  it("is not that it is on another chain any more once it has as much work, or an answer to that came late", () => {
    const bench = ChoiceBench.ready();
    bench.see({ c: chain(97, "y") });
    const [comparison] = bench.choice.comparisons();
    if (comparison === undefined) throw new Error("nothing is to be compared");
    const behindAgain = (): void => {
      bench.see({ c: chain(97) });
      bench.pass(2_500);
      expect(bench.states.c).toBe("behind");
    };
    bench.choice.compared(comparison, true);
    bench.see({ c: chain(100) });
    behindAgain();
    bench.see({ c: chain(100) });
    bench.choice.compared(comparison, true);
    behindAgain();
  });

  it("needs no comparison of chains with equal work, or too short for one", () => {
    const bench = ChoiceBench.ready();
    bench.see({ b: chain(100, "y") });
    expect(bench.choice.comparisons()).toEqual([]);
    const young = new ChoiceBench();
    young.see({ a: chain(3), b: chain(3), c: chain(2) });
    expect(young.choice.comparisons()).toEqual([]);
    young.see({ a: chain(4), b: chain(4), c: chain(3) });
    expect(young.choice.comparisons()).toEqual([{ node: 2, heavier: 0, height: 0 }]);
  });

  it("needs a comparison three blocks below the lower tip, which may be that of the heavier chain", () => {
    const bench = ChoiceBench.ready();
    bench.see({ c: { kind: "chain", height: 150, tip: "easy", work: 150n } });
    expect(bench.choice.comparisons()).toEqual([{ node: 2, heavier: 0, height: 97 }]);
  });

  it("is shown with height and tip, and for the followed one with what its source lacks", () => {
    const bench = new ChoiceBench();
    bench.see({ b: fault("unreachable"), c: chain(100) });
    expect(bench.choice.status(bench.nowMs)).toEqual([
      { name: "a", state: "unknown" },
      { name: "b", state: "unreachable", reason: "it is unreachable" },
      { name: "c", state: "standby", height: 100, tip: "x100" },
    ]);
    bench.pass(1_000);
    bench.source("failed");
    expect(bench.choice.status(bench.nowMs)[2]).toEqual({
      name: "c",
      state: "failing",
      reason: "its source is failed",
      height: 100,
      tip: "x100",
    });
  });
});
