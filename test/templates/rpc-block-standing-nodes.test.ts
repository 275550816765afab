import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromHex, reversed } from "../../src/core/bytes.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { RpcBlockNode } from "../../src/templates/rpc-block-node.ts";
import { RpcSource } from "../../src/templates/rpc-source.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { REAL_NODES, type RealNode, type RealNodeKind } from "./rpc-real-nodes.ts";
import { solve } from "./rpc-solve.ts";
import { Recorder } from "./rpc-waiting.ts";

// Starting Bitcoin Core takes longer than a test may.
const START_LIMIT_MS = 90_000;

for (const kind of REAL_NODES) {
  describe.skipIf(kind.start === undefined)(`a block at ${kind.name}`, () => suite(kind));
}

function suite(kind: RealNodeKind): void {
  let node: RealNode;
  let blocks: RpcBlockNode;

  const access = (): { rpcUrl: string; rpcCookie: string; network: "regtest" } => {
    return { rpcUrl: node.rpcUrl, rpcCookie: node.cookiePath, network: "regtest" };
  };
  const parts = { logger: nullLogger, metrics: createMetricRegistry(), clock: new ManualClock() };

  beforeEach(async () => {
    node = await (kind.start as () => Promise<RealNode>)();
    blocks = new RpcBlockNode(access(), parts);
  }, START_LIMIT_MS);
  afterEach(async () => {
    await blocks.stop();
    await node.remove();
  }, START_LIMIT_MS);

  it("is on the chain, deeper with each block on top of it", async () => {
    const hash = inHeader(await node.mine());
    expect(await blocks.blockStanding(hash)).toEqual({ kind: "on-chain", confirmations: 1 });
    await node.mine(2);
    expect(await blocks.blockStanding(hash)).toEqual({ kind: "on-chain", confirmations: 3 });
  });

  it("is off the chain once another branch is longer", async () => {
    const hash = inHeader(await node.mine());
    await node.reorganise(1);
    expect(await blocks.blockStanding(hash)).toEqual({ kind: "off-chain", tipHeight: await node.height() });
  });

  it("is unknown where the node never had it", async () => {
    const hash = new Uint8Array(32).fill(7);
    expect(await blocks.blockStanding(hash)).toEqual({ kind: "unknown", tipHeight: await node.height() });
  });

  it("has no standing while the node is down", async () => {
    const hash = inHeader(await node.mine());
    await node.end();
    expect(await blocks.blockStanding(hash)).toMatchObject({ kind: "failed" });
  });

  it(kind.name === "bcoin" ? "cannot be preferred" : "is the tip once it is preferred to its sibling", async () => {
    const recorder = new Recorder();
    const source = new RpcSource(access(), parts);
    await source.start(recorder);
    const { template } = await recorder.template();
    await source.stop();
    const sibling = await node.mine();
    const block = solve(template);
    expect(await blocks.submitBlock(block.bytes)).toEqual({ kind: kind.sideBlock });
    const hash = inHeader(block.hash);
    expect(await blocks.blockStanding(hash)).toEqual({ kind: "off-chain", tipHeight: template.height });
    expect(await blocks.preferBlock(hash)).toBe(kind.name !== "bcoin");
    expect(await node.tipHash()).toBe(kind.name === "bcoin" ? sibling : block.hash);
  });
}

/** What the RPC prints, in header order. */
function inHeader(printed: string): Uint8Array {
  return reversed(fromHex(printed));
}
