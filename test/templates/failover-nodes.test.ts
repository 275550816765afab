import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import type { BlockNode } from "../../src/templates/block-node.ts";
import { FailoverSource } from "../../src/templates/failover-source.ts";
import type { NodeStatus } from "../../src/templates/node-view.ts";
import { rpcNodes } from "../../src/templates/rpc-nodes.ts";
import type { Template } from "../../src/templates/template.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { printed } from "./rpc-gbt.ts";
import { solve } from "./rpc-solve.ts";
import { Recorder } from "./rpc-waiting.ts";

const STEP_MS = 250;
/** More than any wait of the source needs. */
const MAX_STEPS = 600;

describe("a pool on two real nodes", () => {
  let a: BcoinNode;
  let b: BcoinNode;
  let clock: ManualClock;
  let source: FailoverSource;
  let blocks: readonly BlockNode[];
  let last: Template | undefined;

  beforeEach(async () => {
    a = await BcoinNode.start();
    b = await BcoinNode.start({ peer: a });
    clock = new ManualClock();
    const [first, second] = [a, b].map((node) => {
      return { rpcUrl: node.rpcUrl, rpcUser: "pool", rpcPassword: node.password, network: "regtest" as const };
    });
    if (first === undefined || second === undefined) throw new Error("there are two nodes");
    const parts = { logger: new RecordingLogger(), metrics: createMetricRegistry(), clock };
    const nodes = rpcNodes(first, [second], parts);
    if (!(nodes.templates instanceof FailoverSource)) throw new Error("two nodes have one source over both");
    source = nodes.templates;
    blocks = nodes.blocks;
    const recorder = new Recorder();
    await source.start({
      onTemplate: (template, newTip) => {
        last = template;
        recorder.onTemplate(template, newTip);
      },
      onState: (state) => recorder.onState(state),
    });
    await recorder.ready();
  }, 60_000);
  afterEach(async () => {
    await Promise.all([source.stop(), ...blocks.map((node) => node.stop())]);
    await Promise.all([a.stop(), b.stop()]);
  });

  function states(): NodeStatus["state"][] {
    return source.nodes.map(({ state }) => state);
  }

  /** Lets time pass until the newest template is of that node, and stands on that tip. */
  async function mineOn(node: BcoinNode, tip: string): Promise<Template> {
    await passUntil(() => last?.source === `rpc:${node.rpcUrl}` && printed(last.prevHash) === tip);
    if (last === undefined) throw new Error("there is a template");
    return last;
  }

  async function passUntil(condition: () => boolean): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      if (condition()) return;
      clock.advance(STEP_MS);
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`waited in vain: the nodes are ${states().join(" and ")}`);
  }

  it("mines on the second one while the first is down or behind, and on the first again after that", async () => {
    await mineOn(a, a.tipHash);
    await a.stop();
    const template = await mineOn(b, b.tipHash);
    expect(states()).toEqual(["unreachable", "templates"]);
    const block = solve(template);
    const results = await Promise.all(blocks.map((node) => node.submitBlock(block.bytes)));
    expect(results).toEqual([expect.objectContaining({ kind: "failed" }), { kind: "accepted" }]);
    await mineOn(b, block.hash);
    await a.restart();
    await passUntil(() => states()[0] === "behind");
    await mineOn(b, await b.mine());
    await a.take(b);
    await passUntil(() => states()[0] === "standby");
    await passUntil(() => states()[0] === "templates");
    await mineOn(a, b.tipHash);
    expect(states()).toEqual(["templates", "standby"]);
  }, 60_000);

  it("does not mine on the first one while that is on another chain, which it leaves when it knows of the longer one", async () => {
    await mineOn(a, a.tipHash);
    await b.mine(6);
    await a.mine(4);
    await mineOn(b, b.tipHash);
    await passUntil(() => states()[0] === "other-chain");
    await a.mine(1);
    const block = solve(await mineOn(b, b.tipHash));
    await Promise.all(blocks.map((node) => node.submitBlock(block.bytes)));
    await mineOn(b, block.hash);
    expect(states()[0]).toBe("other-chain");
    await a.take(b);
    await mineOn(a, block.hash);
    expect(states()).toEqual(["templates", "standby"]);
  }, 60_000);

  it("stays with the first one in a race of two blocks, and goes with the chain that wins it", async () => {
    const tip = await a.mine();
    await b.mine();
    await mineOn(a, tip);
    const untilMs = clock.monotonicMs() + 5_000;
    await passUntil(() => clock.monotonicMs() >= untilMs);
    expect(states()).toEqual(["templates", "standby"]);
    await mineOn(a, tip);
    const longer = await b.mine();
    await mineOn(b, longer);
    expect(states()[0]).toBe("behind");
  }, 60_000);
});
