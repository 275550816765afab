import { describe, expect, it } from "vitest";
import { ChoiceBench, chain, fault } from "./node-choice-bench.ts";

describe("the first choice between nodes", () => {
  it("is the first that is usable, as soon as all have answered", () => {
    const bench = new ChoiceBench();
    bench.see({ c: chain(100) });
    bench.see({ b: chain(100) });
    expect(bench.followed).toBeUndefined();
    bench.see({ a: fault("failing") });
    expect(bench.followed).toBe("b");
  });

  it("waits a second for nodes that do not answer, and no longer", () => {
    const bench = new ChoiceBench();
    bench.see({ b: chain(100), c: chain(101) });
    bench.pass(999);
    expect(bench.followed).toBeUndefined();
    bench.pass(1);
    expect(bench.followed).toBe("c");
  });

  it("is one with the most work, though that is configured last, and at once", () => {
    const bench = new ChoiceBench();
    bench.see({ a: chain(100), b: chain(100), c: chain(101) });
    expect(bench.followed).toBe("c");
  });

  it("is the first one where none is usable, but for those of another network", () => {
    const bench = new ChoiceBench();
    bench.see({ a: fault("wrong-network"), b: fault("unreachable"), c: fault("failing") });
    expect(bench.followed).toBe("b");
    expect(bench.choice.allOfOtherNetworks).toBeUndefined();
  });

  it("is none where all are of another network", () => {
    const bench = new ChoiceBench();
    bench.see({ a: fault("wrong-network"), b: fault("wrong-network"), c: fault("wrong-network") });
    bench.pass(5_000);
    expect(bench.followed).toBeUndefined();
    expect(bench.choice.allOfOtherNetworks).toMatchObject({ reason: "it is wrong-network" });
  });

  it("says at once which nodes cannot be used", () => {
    const bench = new ChoiceBench();
    expect(bench.see({ a: chain(100), b: fault("wrong-network"), c: fault("unreachable") })).toEqual([
      "b wrong-network: it is wrong-network",
      "c unreachable: it is unreachable",
    ]);
    expect(bench.pass(100_000)).toEqual([]);
  });
});

describe("a followed node", () => {
  it("is left at once when its source fails and another is usable", () => {
    const bench = ChoiceBench.ready();
    expect(bench.source("failed")).toEqual(["moved a > b: its source is failed"]);
    expect(bench.followed).toBe("b");
  });

  it("is not left for a node that is not usable", () => {
    const bench = ChoiceBench.ready();
    bench.see({ b: fault("unreachable"), c: fault("failing") });
    expect(bench.source("failed")).toEqual([]);
    bench.pass(100_000);
    expect(bench.followed).toBe("a");
    expect(bench.see({ c: chain(100) })).toEqual(["moved a > c: its source is failed"]);
  });

  it("is left once it has had less work than another for the grace", () => {
    const bench = ChoiceBench.ready();
    expect(bench.see({ b: chain(101) })).toEqual([]);
    expect(bench.pass(2_499)).toEqual([]);
    expect(bench.states).toEqual({ a: "templates", b: "standby", c: "standby" });
    expect(bench.pass(1)).toEqual([
      "a behind: a is behind b (block 100, and 101 there)",
      "c behind: c is behind b (block 100, and 101 there)",
      "moved a > b: a is behind b (block 100, and 101 there)",
    ]);
    expect(bench.states).toEqual({ a: "behind", b: "templates", c: "behind" });
  });

  it("stays where it catches up within the grace, of which nothing is said", () => {
    const bench = ChoiceBench.ready();
    for (let height = 101; height < 110; height += 1) {
      bench.see({ b: chain(height) });
      expect(bench.pass(2_000)).toEqual([]);
      expect(bench.see({ a: chain(height), c: chain(height) })).toEqual([]);
    }
    expect(bench.followed).toBe("a");
  });

  it("stays in a race: equal work on another tip is no reason", () => {
    const bench = ChoiceBench.ready();
    bench.see({ b: chain(100, "y"), c: chain(100, "y") });
    expect(bench.pass(100_000)).toEqual([]);
    expect(bench.states).toEqual({ a: "templates", b: "standby", c: "standby" });
  });

  it("is left for less work though its chain is longer", () => {
    const bench = ChoiceBench.ready();
    bench.see({ a: { kind: "chain", height: 150, tip: "easy", work: 150n } });
    expect(bench.pass(2_500).at(-1)).toBe("moved a > b: a is behind b (block 150, and 100 there)");
  });

  it("is measured by height as soon as one node does not say its work", () => {
    const bench = ChoiceBench.ready();
    const long = { kind: "chain", height: 150, tip: "easy", work: 150n } as const;
    bench.see({ a: long, c: { kind: "chain", height: 100, tip: "x100" } });
    bench.pass(2_500);
    expect(bench.followed).toBe("a");
    expect(bench.states).toEqual({ a: "templates", b: "behind", c: "behind" });
  });

  it("is left when its templates have not stood on its tip for the grace, and not before", () => {
    const bench = ChoiceBench.ready();
    bench.source("stale");
    bench.pass(2_499);
    bench.source("ready");
    bench.source("stale");
    expect(bench.pass(1_000)).toEqual([]);
    expect(bench.source({ kind: "stale", reason: "one more tip" })).toEqual([]);
    expect(bench.pass(1_499)).toEqual([]);
    expect(bench.pass(1)).toEqual(["moved a > b: one more tip"]);
  });

  it("may take 10 s for its first template", () => {
    const bench = new ChoiceBench();
    bench.see({ a: chain(100), b: chain(100), c: chain(100) });
    expect(bench.pass(9_999)).toEqual([]);
    expect(bench.pass(1)).toEqual(["moved a > b: a has given no template for 10 s"]);
  });

  it("is not left for one question that failed while its templates come, but for the grace", () => {
    const bench = ChoiceBench.ready();
    expect(bench.see({ a: fault("unreachable") })).toEqual(["a unreachable: it is unreachable"]);
    expect(bench.pass(2_499)).toEqual([]);
    bench.see({ a: chain(100) });
    bench.see({ a: fault("failing") });
    expect(bench.pass(1_000)).toEqual([]);
    expect(bench.see({ a: fault("failing") })).toEqual([]);
    expect(bench.pass(1_499)).toEqual([]);
    expect(bench.pass(1)).toEqual(["moved a > b: it is failing"]);
  });

  it("is left at once where neither questions nor templates are answered", () => {
    const bench = new ChoiceBench();
    bench.see({ a: chain(100), b: chain(100), c: chain(100) });
    expect(bench.see({ a: fault("unreachable") })).toContain("moved a > b: it is unreachable");
  });

  it("that is behind is left for the heavier one even though that one's templates have just failed", () => {
    const bench = ChoiceBench.ready();
    bench.see({ c: fault("unreachable") });
    bench.source("failed");
    bench.source("ready");
    bench.see({ a: chain(101) });
    bench.pass(2_500);
    expect(bench.followed).toBe("a");
  });

  it("is left at once for one that could not be reached and can be again: that is no fault of its templates", () => {
    const bench = ChoiceBench.ready();
    bench.see({ c: fault("unreachable") });
    bench.see({ a: fault("unreachable") });
    bench.pass(2_500);
    bench.source("ready");
    bench.see({ a: chain(100) });
    expect(bench.followed).toBe("b");
    expect(bench.source("failed")).toEqual(["moved b > a: its source is failed"]);
  });

  it("is kept where its templates fail and those of all others failed within 10 s", () => {
    const bench = ChoiceBench.ready();
    const moves = ["failed", "failed", "failed", "failed"].flatMap(() => bench.source("failed"));
    expect(moves).toEqual(["moved a > b: its source is failed", "moved b > c: its source is failed"]);
    bench.pass(9_999);
    expect(bench.followed).toBe("c");
    expect(bench.pass(1)).toEqual(["moved c > a: its source is failed"]);
  });
});

describe("a node that was left since its templates", () => {
  it.each([
    ["failed", 0],
    ["stale", 2_500],
    ["starting", 10_000],
  ] as const)("were %s is not tried within 10 s for another's that fail", (state, afterMs) => {
    const bench = ChoiceBench.ready();
    bench.see({ c: fault("unreachable") });
    bench.source(state);
    bench.pass(afterMs);
    expect(bench.followed).toBe("b");
    bench.source("ready");
    expect(bench.source("failed")).toEqual([]);
    expect(bench.pass(9_999)).toEqual([]);
    expect(bench.pass(1)).toEqual(["moved b > a: its source is failed"]);
  });

  it("failed leaves the next one the time for its first template", () => {
    const bench = ChoiceBench.ready();
    bench.source("failed");
    expect(bench.pass(9_999)).toEqual([]);
    expect(bench.states).toEqual({ a: "standby", b: "templates", c: "standby" });
    expect(bench.pass(1)).toEqual(["moved b > a: b has given no template for 10 s"]);
  });
});

describe("a node that is configured earlier", () => {
  it("gives the templates after a minute where it answers for the first time late", () => {
    const bench = new ChoiceBench();
    bench.see({ b: chain(100), c: chain(100) });
    bench.pass(1_000);
    bench.source("ready");
    bench.pass(30_000);
    bench.see({ a: chain(100) });
    expect(bench.pass(59_999)).toEqual([]);
    expect(bench.pass(1)).toEqual(["returned b > a: a comes first, and has been usable for 60 s"]);
  });

  it("gives the templates again after a minute in which it was usable without a break", () => {
    const bench = ChoiceBench.ready();
    bench.source("failed");
    bench.see({ a: fault("unreachable") });
    bench.source("ready");
    bench.see({ a: chain(100) });
    bench.pass(30_000);
    bench.see({ a: fault("unreachable") });
    bench.see({ a: chain(100) });
    bench.pass(59_999);
    expect(bench.followed).toBe("b");
    expect(bench.pass(1)).toEqual(["returned b > a: a comes first, and has been usable for 60 s"]);
  });

  it("does so though blocks reach it a moment later than others, but not in that moment", () => {
    const bench = ChoiceBench.ready();
    bench.source("failed");
    bench.source("ready");
    for (let height = 101; height <= 130; height += 1) {
      bench.see({ b: chain(height), c: chain(height) });
      bench.pass(2_000);
      expect(bench.followed).toBe("b");
      if (height < 130) bench.see({ a: chain(height) });
    }
    expect(bench.pass(499)).toEqual([]);
    expect(bench.see({ a: chain(130) })).toEqual(["returned b > a: a comes first, and has been usable for 60 s"]);
  });

  it("is left again at once where its source fails", () => {
    const bench = ChoiceBench.ready();
    bench.source("failed");
    bench.source("ready");
    bench.pass(60_000);
    expect(bench.followed).toBe("a");
    expect(bench.source("failed")).toEqual(["moved a > b: its source is failed"]);
  });
});
