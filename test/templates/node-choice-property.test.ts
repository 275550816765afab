import { describe, expect, it } from "vitest";
import { FIRST_TEMPLATE_MS, GRACE_MS, REST_MS, RETURN_MS } from "../../src/templates/node-choice.ts";
import type { NodeView } from "../../src/templates/node-view.ts";
import { REMEMBERED_MS } from "../../src/templates/shown-work.ts";
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

/** What nodes showed, and for how long each of them has shown less than the most of that. */
class Shown {
  readonly #views = new Map<string, NodeView>();
  readonly #levelAtMs = new Map<string, number>();
  #shown: { height: number; atMs: number }[] = [];

  see(name: string, view: NodeView, nowMs: number): void {
    this.#noteLevel(nowMs);
    this.#views.set(name, view);
    if (view.kind === "chain") this.#shown.push({ height: view.height, atMs: nowMs });
    this.#noteLevel(nowMs);
  }

  /** Whether it answers, with as much work as any was shown to have within the last hour. */
  isLevel(name: string, nowMs: number): boolean {
    this.#shown = this.#shown.filter(({ atMs }) => nowMs - atMs < REMEMBERED_MS);
    const now = [...this.#views.values()].flatMap((view) => (view.kind === "chain" ? [view] : []));
    const most = Math.max(...[...now, ...this.#shown].map(({ height }) => height));
    const own = this.#views.get(name);
    return own?.kind === "chain" && own.height >= most;
  }

  /** For how long it has answered with less. */
  lessForMs(name: string, nowMs: number): number {
    if (this.#views.get(name)?.kind !== "chain" || this.isLevel(name, nowMs)) return 0;
    return nowMs - (this.#levelAtMs.get(name) ?? Number.NEGATIVE_INFINITY);
  }

  #noteLevel(nowMs: number): void {
    for (const name of this.#views.keys()) if (this.isLevel(name, nowMs)) this.#levelAtMs.set(name, nowMs);
  }
}

describe("a choice between nodes, whatever happens to them", () => {
  it("gives no templates of one that has had less work than was shown within the last hour for longer than the grace", () => {
    let heldBack = 0;
    eachCase(100, (random) => {
      const bench = new ChoiceBench(NAMES);
      const shown = new Shown();
      let height = 100;
      for (let step = 0; step < 200; step += 1) {
        if (random.between(1, 8) === 1) height += 1;
        const name = oneOf(random, NAMES);
        const view = drawView(random, height);
        shown.see(name, view, bench.nowMs);
        bench.see({ [name]: view });
        if (random.between(1, 3) === 1) drawSource(random, bench);
        if (random.between(1, 50) === 1) bench.nowMs += random.between(1, REMEMBERED_MS);
        bench.pass(random.between(1, 500));
        if (bench.choice.heldBack === undefined) {
          expect(shown.lessForMs(bench.followed ?? "", bench.nowMs)).toBeLessThan(GRACE_MS);
          continue;
        }
        heldBack += 1;
        const level = NAMES.filter((each) => shown.isLevel(each, bench.nowMs));
        expect(level, "nodes that could give templates").toEqual([]);
      }
    });
    expect(heldBack).toBeGreaterThan(0);
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
