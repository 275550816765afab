import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { merkleRoot, rootFromPath } from "../../src/bitcoin/merkle.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { RpcBlockNode } from "../../src/templates/rpc-block-node.ts";
import { RpcSource } from "../../src/templates/rpc-source.ts";
import type { Template } from "../../src/templates/template.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { within } from "../support/wait.ts";
import { printed } from "./rpc-gbt.ts";
import { REAL_NODES, type RealNode, type RealNodeKind } from "./rpc-real-nodes.ts";
import { solve } from "./rpc-solve.ts";
import { Recorder } from "./rpc-waiting.ts";

/** Unlike every other wait of the source, so that a timer of it means the poll. */
const POLL_MS = 1_100;

// Starting Bitcoin Core takes longer than a test may.
const START_LIMIT_MS = 90_000;

for (const kind of REAL_NODES) {
  describe.skipIf(kind.start === undefined)(`a source with ${kind.name}`, () => suite(kind));
}

function suite(kind: RealNodeKind): void {
  let node: RealNode;
  let clock: ManualClock;
  let recorder: Recorder;
  let source: RpcSource;
  let blocks: RpcBlockNode;

  beforeEach(async () => {
    node = await (kind.start as () => Promise<RealNode>)();
    clock = new ManualClock();
    recorder = new Recorder();
    source = createSource();
    blocks = new RpcBlockNode(
      {
        rpcUrl: node.rpcUrl,
        rpcCookie: node.cookiePath,
        network: "regtest",
        onAccepted: (hash) => source.hint(hash),
      },
      { logger: nullLogger, metrics: createMetricRegistry(), clock },
    );
  }, START_LIMIT_MS);
  afterEach(async () => {
    await Promise.all([source.stop(), blocks.stop()]);
    await node.remove();
  }, START_LIMIT_MS);

  function createSource(zmqHashblock = ""): RpcSource {
    const { rpcUrl, cookiePath: rpcCookie } = node;
    return new RpcSource(
      { rpcUrl, rpcCookie, network: "regtest", zmqHashblock, pollIntervalMs: POLL_MS, random: () => 0 },
      { logger: nullLogger, metrics: createMetricRegistry(), clock },
    );
  }

  async function start(): Promise<Template> {
    await source.start(recorder);
    const { template } = await recorder.template();
    await recorder.ready();
    return template;
  }

  /** The first template on that tip, after as many polls as it takes. */
  async function templateOn(tip: string): Promise<Template> {
    for (;;) {
      await clock.waiting(POLL_MS);
      while (recorder.templates.left.length > 0) {
        const { template } = await recorder.template();
        if (printed(template.prevHash) === tip) return template;
      }
      clock.advance(POLL_MS);
    }
  }

  it("has a template on the node's tip, whose merkle path is that of its transactions", async () => {
    const transactions = await node.fillMempool();
    const template = await start();
    expect(template.height).toBe((await node.height()) + 1);
    expect(printed(template.prevHash)).toBe(await node.tipHash());
    expect(template.bits).toBe(0x207fffff);
    expect(template.transactions).toHaveLength(transactions);
    expect(template.witnessCommitment).toHaveLength(38);
    const coinbaseTxid = new Uint8Array(32).fill(7);
    const txids = template.transactions.map(({ txid }) => txid);
    expect(rootFromPath(coinbaseTxid, template.merklePath)).toEqual(merkleRoot([coinbaseTxid, ...txids]));
  });

  it("hears of blocks from elsewhere by longpoll, one after the other, with no time passing", async () => {
    await start();
    for (let block = 0; block < 3; block += 1) {
      const tip = await node.mine();
      const { template, newTip } = await recorder.template();
      expect([printed(template.prevHash), newTip]).toEqual([tip, true]);
      // The wait before a longpoll that follows one of the same second.
      await clock.waiting(1_000);
      clock.advance(1_000);
    }
    expect(recorder.order).not.toContain("unavailable");
  });

  it("finds blocks from elsewhere by poll", async () => {
    await start();
    await node.mine();
    await recorder.template();
    // The next longpoll is not sent before a second has passed: the poll sees these, or both at once.
    const tip = await node.mine(3);
    expect((await templateOn(tip)).height).toBe((await node.height()) + 1);
  });

  it("follows the node to another branch", async () => {
    const before = await start();
    const tip = await node.reorganise(2);
    expect((await templateOn(tip)).height).toBe(before.height + 1);
  });

  it("has a block accepted that was made of its template: the node's height rises, and it has these very bytes", async () => {
    await node.fillMempool();
    const template = await start();
    const block = solve(template);
    expect(await blocks.submitBlock(block.bytes)).toEqual({ kind: "accepted" });
    expect(await node.height()).toBe(template.height);
    expect(await node.tipHash()).toBe(block.hash);
    expect(await node.blockBytes(template.height)).toEqual(block.bytes);
    const next = await recorder.template();
    expect([printed(next.template.prevHash), next.newTip]).toEqual([block.hash, true]);
    expect(next.template.transactions).toEqual([]);
    expect(await blocks.submitBlock(block.bytes), "the same block again").toEqual({ kind: "accepted" });
  });

  it("has blocks accepted with rolled version bits, another extranonce and a later time", async () => {
    let template = await start();
    for (const options of [
      { version: (0x20000000 | 0x1fffe000) >>> 0 },
      { extranonce: Uint8Array.from({ length: 16 }, (_, index) => 0xff - index) },
      { time: template.curTime + 600 },
    ]) {
      const block = solve(template, options);
      expect(await blocks.submitBlock(block.bytes)).toEqual({ kind: "accepted" });
      expect(await node.tipHash()).toBe(block.hash);
      template = await templateOn(block.hash);
    }
  });

  it.each([
    ["without work", { unsolved: true }, "high-hash"],
    ["of another merkle root", { merklePath: [new Uint8Array(32)] }, "bad-txnmrklroot"],
    ["that pays too much", { coinbaseValue: 5_000_000_001n }, "bad-cb-amount"],
    ["older than it may be", { time: 1 }, "time-too-old"],
  ])("has a block %s refused with the node's reason", async (_, options, reason) => {
    const template = await start();
    const result = await blocks.submitBlock(solve(template, options).bytes);
    expect(result).toEqual({ kind: "refused", reason });
    expect(await node.height()).toBe(template.height - 1);
  });

  it("has bytes refused that are no block", async () => {
    await start();
    expect(await blocks.submitBlock(Uint8Array.of(1, 2, 3))).toMatchObject({ kind: "refused" });
  });

  it(`is told that a block beside the tip is ${kind.sideBlock}`, async () => {
    const template = await start();
    const tip = await node.mine();
    const block = solve(template);
    expect(await blocks.submitBlock(block.bytes)).toEqual({ kind: kind.sideBlock });
    expect(await node.tipHash()).toBe(tip);
  });

  it("says that the node is gone, and goes on alone when it is back with another cookie", async () => {
    const before = await start();
    const block = solve(before);
    await node.end();
    expect(await blocks.submitBlock(block.bytes)).toMatchObject({ kind: "failed" });
    // The longpoll broke, so that the node was polled at once.
    expect(await recorder.unavailable()).toContain("cannot be reached (ECONNREFUSED)");
    await node.restart();
    await clock.waiting(125);
    clock.advance(125);
    const { template, newTip } = await recorder.template();
    await recorder.ready();
    expect([template.height, newTip]).toEqual([before.height, false]);
    expect(await blocks.submitBlock(block.bytes)).toEqual({ kind: "accepted" });
  });

  it.skipIf(kind.name === "bcoin")("hears of blocks over ZMQ", async () => {
    source = createSource(node.zmqAddress);
    await start();
    const tip = await node.mine();
    let { template } = await recorder.template();
    while (printed(template.prevHash) !== tip) template = (await recorder.template()).template;
    expect(template.height).toBe((await node.height()) + 1);
  });

  it("stops while its longpoll waits", async () => {
    await start();
    await within(source.stop(), "the source's end");
    expect(clock.pending).toBe(0);
  });
}
