import { describe, expect, it } from "vitest";
import { FIRST_TEMPLATE_MS, GRACE_MS, REST_MS, RETURN_MS } from "../../src/templates/node-choice.ts";
import type { NodeView } from "../../src/templates/node-view.ts";
import type { SeededRandom } from "../../src/templates/simulated-transactions.ts";
import { eachCase } from "../support/drawn-cases.ts";
import { ChoiceBench, chain, fault } from "./node-choice-bench.ts";

const NAMES = ["a", "b", "c", "d"];

function oneOf<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.between(0, from.length - 1)] as T;
}

function drawView(random: SeededRandom, height: number): NodeView {
  if (random.between(1, 5) === 1) return fault(oneOf(random, ["unreachable", "failing", "wrong-network"]));
  return chain(height - random.between(0, 2), oneOf(random, ["x", "y"]));
}

function drawSource(random: SeededRandom, bench: ChoiceBench): string[] {
  return bench.followed === undefined ? [] : bench.source(oneOf(random, ["ready", "ready", "stale", "failed"]));
}

/** Whether a node's chain has less work than another's. */
function isLess(views: ReadonlyMap<string, NodeView>, name: string | undefined): boolean {
  const own = views.get(name ?? "");
  const heights = [...views.values()].map((view) => (view.kind === "chain" ? view.height : 0));
  return own?.kind === "chain" && own.height < Math.max(...heights);
}

describe("a choice between nodes, whatever happens to them", () => {
  it("never follows one with less work than another for longer than the grace", () => {
    eachCase(100, (random) => {
      const bench = new ChoiceBench(NAMES);
      const views = new Map<string, NodeView>();
      let height = 100;
      let lessSinceMs: number | undefined;
      let followed: string | undefined;
      for (let step = 0; step < 200; step += 1) {
        if (random.between(1, 8) === 1) height += 1;
        const name = oneOf(random, NAMES);
        views.set(name, drawView(random, height));
        bench.see(Object.fromEntries(views));
        if (random.between(1, 3) === 1) drawSource(random, bench);
        bench.pass(random.between(1, 500));
        if (bench.followed !== followed || !isLess(views, followed)) lessSinceMs = undefined;
        followed = bench.followed;
        if (isLess(views, followed)) lessSinceMs ??= bench.nowMs;
        expect(bench.nowMs - (lessSinceMs ?? bench.nowMs)).toBeLessThan(GRACE_MS);
      }
    });
  });

  it("never flaps between nodes that are equally good, whatever their templates do", () => {
    eachCase(60, (random) => {
      const bench = new ChoiceBench(NAMES);
      bench.see(Object.fromEntries(NAMES.map((name) => [name, chain(100)])));
      const moves: { atMs: number; from: string; to: string; isBack: boolean }[] = [];
      for (let step = 0; step < 400; step += 1) {
        for (const line of [...drawSource(random, bench), ...bench.pass(random.between(1, 500))]) {
          const [, kind, from = "", to = ""] = /^(\w+) (\w) > (\w)/.exec(line) ?? [];
          moves.push({ atMs: bench.nowMs, from, to, isBack: kind === "returned" });
        }
      }
      for (const [index, { atMs, to, isBack }] of moves.entries()) {
        const left = moves.slice(0, index).findLast(({ from }) => from === to);
        if (left === undefined) continue;
        // Steps have 500 ms at most.
        expect(atMs - left.atMs, `${to} after it was left`).toBeGreaterThan((isBack ? RETURN_MS : REST_MS) - 500);
      }
    });
  });

  it("comes to a node whose templates come, where there is one, and leaves it for tries of earlier ones alone", () => {
    eachCase(60, (random) => {
      const bench = new ChoiceBench(NAMES);
      for (let step = 0; step < 50; step += 1) {
        bench.see({ [oneOf(random, NAMES)]: drawView(random, 100) });
        drawSource(random, bench);
        bench.pass(random.between(1, 500));
      }
      const good = oneOf(random, NAMES);
      const settle = (ms: number): void => {
        for (let passedMs = 0; passedMs < ms; passedMs += 500) {
          if (bench.followed === good) bench.source("ready");
          else if (random.between(1, 2) === 1) bench.source(oneOf(random, ["stale", "failed"]));
          bench.pass(500);
        }
      };
      bench.see(Object.fromEntries(NAMES.map((name) => [name, chain(100)])));
      settle(NAMES.length * (FIRST_TEMPLATE_MS + REST_MS));
      let awayMs = 0;
      for (let passedMs = 0; passedMs < RETURN_MS; passedMs += 500) {
        settle(500);
        if (bench.followed !== good) awayMs += 500;
      }
      expect(awayMs).toBeLessThanOrEqual(NAMES.length * FIRST_TEMPLATE_MS);
    });
  });
});
