/** A choice between nodes a, b and c, with its time in the test's hands. */

import { type Change, type FollowedState, NodeChoice } from "../../src/templates/node-choice.ts";
import type { FaultView, NodeStatus, NodeView } from "../../src/templates/node-view.ts";

/** A chain of so many blocks, each of work 2; `branch` names the tip apart from others of that height. */
export function chain(height: number, branch = "x"): NodeView {
  return { kind: "chain", height, tip: `${branch}${height}`, work: BigInt(2 * height) };
}

export function fault(state: FaultView["state"]): NodeView {
  return { kind: "fault", state, reason: `it is ${state}`, code: "rpc-unreachable" };
}

export class ChoiceBench {
  nowMs = 1_000;
  readonly choice: NodeChoice;
  readonly names: readonly string[];

  constructor(names: readonly string[] = ["a", "b", "c"]) {
    this.names = names;
    this.choice = new NodeChoice(names);
  }

  /** What is seen of all nodes, of those that are given here, and what is said of it. */
  see(views: Readonly<Record<string, NodeView>>): string[] {
    for (const [name, view] of Object.entries(views)) this.choice.saw(this.names.indexOf(name), view, this.nowMs);
    return this.decide();
  }

  source(state: FollowedState | "starting" | "ready" | "stale" | "failed"): string[] {
    const whole = typeof state !== "string" ? state : { kind: state, reason: `its source is ${state}` };
    this.choice.source(whole as FollowedState, this.nowMs);
    return this.decide();
  }

  /** Time passes, a decision each 500 ms of it. */
  pass(ms: number): string[] {
    const said: string[] = [];
    for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
      this.nowMs += Math.min(500, leftMs);
      said.push(...this.decide());
    }
    return said;
  }

  decide(): string[] {
    return this.choice.decide(this.nowMs).map((change) => this.#text(change));
  }

  get followed(): string | undefined {
    return this.names[this.choice.followed ?? -1];
  }

  /** State by name. */
  get states(): Record<string, NodeStatus["state"]> {
    return Object.fromEntries(this.choice.status(this.nowMs).map(({ name, state }) => [name, state]));
  }

  /** All three on a chain of 100 blocks, and a followed and ready. */
  static ready(): ChoiceBench {
    const bench = new ChoiceBench();
    bench.see({ a: chain(100), b: chain(100), c: chain(100) });
    bench.source("ready");
    return bench;
  }

  #text(change: Change): string {
    switch (change.kind) {
      case "moved":
        return `${change.forced ? "moved" : "returned"} ${this.names[change.from]} > ${this.names[change.to]}: ${change.reason}`;
      case "unusable":
        return `${this.names[change.node]} ${change.state}: ${change.reason}`;
      case "usable":
        return `${this.names[change.node]} usable`;
      case "forgotten":
        return `forgotten ${this.names[change.node]} at block ${change.chain.height}`;
    }
  }
}
