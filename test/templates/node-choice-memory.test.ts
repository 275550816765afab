import { describe, expect, it } from "vitest";
import type { NodeView } from "../../src/templates/node-view.ts";
import { REMEMBERED_MS } from "../../src/templates/shown-work.ts";
import { ChoiceBench, chain, fault } from "./node-choice-bench.ts";

/** Nodes a, which is followed, and b, which is known to be behind. */
function besideOneBehind(behind: NodeView = chain(90)): ChoiceBench {
  const bench = new ChoiceBench(["a", "b"]);
  bench.see({ a: chain(100), b: behind });
  bench.source("ready");
  bench.pass(10_000);
  expect(bench.states).toEqual({ a: "templates", b: "behind" });
  return bench;
}

function down(bench: ChoiceBench, name: string): string[] {
  return [...bench.source("failed"), ...bench.see({ [name]: fault("unreachable") })];
}

/** From then on all that was shown before is forgotten. */
function forget(bench: ChoiceBench): string[] {
  const atMs = bench.nowMs + REMEMBERED_MS;
  for (const passedMs of [1, 30_000, REMEMBERED_MS / 2]) {
    bench.nowMs = atMs - passedMs;
    expect(bench.decide()).toEqual([]);
  }
  bench.nowMs = atMs;
  return bench.decide();
}

const REMEDY =
  "To do: bring back one that has it, or wait until one has caught up; 60 minutes after it was last seen, and in a pool that is started anew, less work will do";

describe("a node that is known to be behind, when the better one goes down", () => {
  it("is not used, and why is said with all nodes and what to do", () => {
    const bench = besideOneBehind();
    expect(bench.choice.heldBack).toBeUndefined();
    expect(down(bench, "a")).toEqual(["a unreachable: it is unreachable"]);
    expect(bench.pass(100_000)).toEqual([]);
    expect(bench.followed).toBe("a");
    expect(bench.states).toEqual({ a: "unreachable", b: "behind" });
    const reason = `no node has as much work as the chain that a showed before, up to block 100: a (unreachable), b (behind). ${REMEDY}`;
    expect(bench.choice.heldBack).toEqual({ reason, code: "nodes-behind" });
    bench.see({ b: chain(95) });
    expect(bench.choice.heldBack?.reason, "while it catches up").toBe(reason);
    expect(bench.choice.status(bench.nowMs)[1]?.reason).toBe(
      "b is behind what a showed before (block 95, and 100 there)",
    );
  });

  it("is used as soon as it has as much work", () => {
    const bench = besideOneBehind();
    down(bench, "a");
    bench.see({ b: chain(99) });
    expect(bench.followed).toBe("a");
    expect(bench.see({ b: chain(100, "y") })).toEqual(["moved a > b: it is unreachable"]);
    expect(bench.choice.heldBack).toBeUndefined();
  });

  it("is used after an hour, which is said", () => {
    const bench = besideOneBehind();
    bench.see({ a: chain(100) });
    down(bench, "a");
    bench.see({ b: chain(91) });
    expect(forget(bench)).toEqual(["forgotten a at block 100", "moved a > b: it is unreachable"]);
    expect(bench.choice.heldBack).toBeUndefined();
    bench.source("ready");
    bench.see({ a: chain(100) });
    expect(bench.pass(2_500).at(-1), "the better one is back").toMatch(/^moved b > a: b is behind a /);
  });

  it("is not used either while it is not reached for a moment", () => {
    const bench = besideOneBehind();
    down(bench, "a");
    bench.see({ b: fault("unreachable") });
    bench.see({ b: chain(90) });
    expect(bench.followed).toBe("a");
    expect(bench.pass(10_000)).toEqual([]);
    expect(bench.followed).toBe("a");
  });

  it("is still said to be on another chain where it is", () => {
    const bench = besideOneBehind();
    const [comparison] = bench.choice.comparisons();
    if (comparison === undefined) throw new Error("nothing is to be compared");
    bench.choice.compared(comparison, true);
    bench.decide();
    expect(down(bench, "a")).toEqual(["a unreachable: it is unreachable"]);
    expect(bench.choice.comparisons(), "nobody can be asked for the better one's blocks").toEqual([]);
    expect(bench.choice.status(bench.nowMs)[1]).toMatchObject({
      state: "other-chain",
      reason: "b is on another chain than what a showed before, which has more work (block 90, and 100 there)",
    });
    expect(bench.choice.heldBack?.reason).toContain("b (other-chain)");
  });

  it("is used at once by a pool that is started anew, which knows of no other work", () => {
    const bench = new ChoiceBench(["a", "b"]);
    bench.see({ a: fault("unreachable"), b: chain(90) });
    expect(bench.followed).toBe("b");
    expect(bench.choice.heldBack).toBeUndefined();
  });

  it("is no reason to end the templates of the better one, where these come though its chain cannot be asked for", () => {
    const bench = besideOneBehind();
    bench.see({ a: fault("unreachable") });
    bench.pass(100_000);
    expect([bench.followed, bench.choice.heldBack]).toEqual(["a", undefined]);
    bench.source("failed");
    expect(bench.choice.heldBack?.code).toBe("nodes-behind");
  });
});

describe("a node that a new block has not reached yet, when the one that has it goes down", () => {
  it("is not used before the block reaches it: no miner goes back to a tip that it has left", () => {
    const bench = ChoiceBench.ready();
    bench.see({ a: chain(101) });
    bench.pass(1_000);
    expect(down(bench, "a")).toEqual(["a unreachable: it is unreachable"]);
    expect(bench.choice.heldBack?.code).toBe("nodes-behind");
    bench.pass(1_000);
    expect(bench.see({ b: chain(101), c: chain(101) })).toEqual(["moved a > b: it is unreachable"]);
    expect([bench.followed, bench.choice.heldBack]).toEqual(["b", undefined]);
    expect(bench.pass(9_999), "the time for a first template begins").toEqual([]);
  });

  it("is said to be behind where the block does not reach it within the grace, and used when it does", () => {
    const bench = ChoiceBench.ready();
    bench.see({ a: chain(101), c: fault("failing") });
    bench.pass(1_000);
    down(bench, "a");
    expect(bench.pass(1_499)).toEqual([]);
    expect(bench.pass(1)).toEqual(["b behind: b is behind what a showed before (block 100, and 101 there)"]);
    expect(bench.choice.heldBack?.reason).toContain("a (unreachable), b (behind), c (failing)");
    bench.see({ b: fault("unreachable") });
    expect(bench.choice.heldBack, "whatever it has when it is back").toBeDefined();
    bench.see({ b: chain(100) });
    expect(bench.choice.heldBack?.code).toBe("nodes-behind");
    bench.pass(100_000);
    expect(bench.see({ b: chain(101) })[0]).toMatch(/^moved a > b: /);
    expect([bench.followed, bench.choice.heldBack]).toEqual(["b", undefined]);
  });

  it("is not used where another one has the block", () => {
    const bench = ChoiceBench.ready();
    bench.see({ a: chain(101), c: chain(101) });
    expect(bench.source("failed")).toEqual(["moved a > c: its source is failed"]);
  });
});

describe("a node that is back with less work than it had", () => {
  it("is held back until it has caught up, also where no other node answers", () => {
    const bench = new ChoiceBench(["a", "b"]);
    bench.see({ a: chain(100), b: fault("failing") });
    bench.source("ready");
    down(bench, "a");
    expect(bench.choice.heldBack).toEqual({
      state: "unreachable",
      reason: "it is unreachable",
      code: "rpc-unreachable",
    });
    bench.pass(1_000);
    expect(bench.see({ a: chain(95) })).toEqual([
      "a behind: a is behind what it showed itself before (block 95, and 100 there)",
    ]);
    expect(bench.choice.heldBack?.reason).toContain(
      "the chain that a showed before, up to block 100: a (behind), b (failing)",
    );
    bench.see({ a: chain(100) });
    expect([bench.followed, bench.choice.heldBack]).toEqual(["a", undefined]);
  });

  it("is left for one that has more, though its own source has just begun anew", () => {
    const bench = besideOneBehind(chain(97));
    down(bench, "a");
    bench.pass(60_000);
    bench.see({ a: chain(95) });
    expect(bench.see({ b: chain(100) })[0]).toMatch(/^moved a > b: a is behind b /);
  });

  it("gives its templates anew, before others that came after it, when all that was shown is forgotten", () => {
    const bench = besideOneBehind();
    bench.see({ a: chain(100) });
    down(bench, "a");
    bench.pass(10_000);
    bench.see({ a: chain(90) });
    bench.nowMs += REMEMBERED_MS;
    expect(bench.decide()).toEqual(["forgotten a at block 100"]);
    expect([bench.followed, bench.choice.heldBack]).toEqual(["a", undefined]);
    expect(bench.states).toEqual({ a: "templates", b: "standby" });
  });

  it("is held back from the first choice on, where another one was better for a moment", () => {
    const bench = new ChoiceBench(["a", "b", "c"]);
    bench.see({ b: chain(100) });
    bench.see({ a: chain(90) });
    bench.see({ b: fault("unreachable") });
    bench.pass(1_000);
    expect([bench.followed, bench.choice.heldBack?.code]).toEqual(["a", "nodes-behind"]);
  });
});
