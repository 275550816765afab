import { describe, expect, it } from "vitest";
import { benchOnA, full, move, notMade, READY_ON_A, shapeOf } from "./rpc-early-bench.ts";
import type { FakeCall } from "./rpc-fake-node.ts";
import { TIP_A, TIP_B, TIP_C } from "./rpc-gbt.ts";
import { POLL_MS } from "./rpc-source-bench.ts";

describe("a new tip that a poll finds", () => {
  it("brings an empty template at once, by a question of its own connection, and the full one after it", async () => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    expect(await recorder.unavailable()).toContain(TIP_B);
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    expect(header.params).toEqual([TIP_B, true]);
    expect(header.remotePort).not.toBe(fetch.remotePort);
    header.result(bench.place(TIP_B));
    const early = await recorder.template();
    await recorder.ready();
    expect(early.newTip).toBe(true);
    expect(shapeOf(early.template)).toEqual([TIP_B, 102, 0, 5_000_000_000n]);
    expect(early.template.witnessCommitment).toBeUndefined();
    expect(early.template.minTime).toBe(1_700_000_011);
    fetch.result(full(bench));
    const { template, newTip } = await recorder.template();
    expect(newTip).toBe(false);
    expect(shapeOf(template)).toEqual([TIP_B, 102, 1, 5_000_000_500n]);
    await bench.clock.waiting(POLL_MS);
    expect(recorder.order.slice(2)).toEqual(["unavailable", "template 2 tip", "ready", "template 3"]);
  });

  it("has no empty template any more once its full one is here", async () => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    fetch.result(full(bench));
    await recorder.template();
    header.result(bench.place(TIP_B));
    await notMade(bench, TIP_B);
    await bench.clock.waiting(POLL_MS);
    expect(recorder.order).toEqual([...READY_ON_A, "unavailable", "template 2 tip", "ready"]);
  });

  it.each([
    ["is not on the best chain", { confirmations: -1 }],
    ["is the tip no more", { confirmations: 2 }],
    ["is not what was asked for", { hash: TIP_C }],
    ["is not higher than the last one", { height: 100 }],
    ["has no median time", { mediantime: undefined }],
  ])("brings the full template alone where the block %s", async (_, changes) => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    await recorder.unavailable();
    header.result(bench.place(TIP_B, changes));
    await notMade(bench, TIP_B);
    expect(recorder.templates.left).toEqual([]);
    fetch.result(full(bench));
    await recorder.ready();
    expect(recorder.order).toEqual([...READY_ON_A, "unavailable", "template 2 tip", "ready"]);
  });

  it.each<readonly [string, (call: FakeCall) => void]>([
    ["knows no such block", (call) => call.error(-5, "Block not found")],
    ["is overloaded", (call) => call.http(503)],
    ["answers no JSON", (call) => call.http(200, "<html>")],
  ])("costs nothing but the early work where the node %s, and is not asked for again", async (_, answer) => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    answer(header);
    await notMade(bench, TIP_B);
    fetch.result(bench.template({ previousblockhash: TIP_A }));
    (await node.next("getblocktemplate")).result(full(bench));
    await recorder.template();
    await bench.clock.waiting(POLL_MS);
    expect(node.calls.filter((name) => name === "getblockheader")).toHaveLength(1);
    expect(recorder.order).toEqual([...READY_ON_A, "unavailable", "template 2 tip", "ready"]);
  });

  it("brings the full template alone where the block is beside the best chain though the node counts a confirmation", async () => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    await recorder.unavailable();
    node.standing.set("getblockhash", (call) => call.result(call.params[0] === 101 ? TIP_C : TIP_A));
    header.result(bench.place(TIP_B));
    await notMade(bench, TIP_B);
    expect(recorder.templates.left).toEqual([]);
    fetch.result(full(bench));
    await recorder.ready();
    expect(recorder.order).toEqual([...READY_ON_A, "unavailable", "template 2 tip", "ready"]);
  });

  it("waits 10 s for where it stands, and nobody notices", async () => {
    const bench = await benchOnA();
    const { node, recorder, clock } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    fetch.result(full(bench));
    await recorder.template();
    await clock.waiting(POLL_MS);
    clock.advance(10_000);
    await header.gone();
    await clock.waiting(POLL_MS);
    expect(recorder.order).toEqual([...READY_ON_A, "unavailable", "template 2 tip", "ready"]);
  });

  it("that moves on while its template is fetched has no empty template: the newer one has", async () => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const older = await node.next("getblockheader");
    move(bench, TIP_C, 102);
    (await node.next("getblocktemplate")).result(bench.template({ previousblockhash: TIP_A }));
    await older.gone();
    const newer = await node.next("getblockheader");
    expect(newer.params[0]).toBe(TIP_C);
    newer.result(bench.place(TIP_C));
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_C, 103, 0, 5_000_000_000n]);
    (await node.next("getblocktemplate")).result(full(bench));
    expect(shapeOf((await recorder.template()).template)).toEqual([TIP_C, 103, 1, 5_000_000_500n]);
  });

  it("is asked for no more after a fault and after the stop", async () => {
    const bench = await benchOnA();
    const { node, recorder, clock } = bench;
    move(bench, TIP_B, 101);
    await bench.poll();
    const [header, fetch] = [await node.next("getblockheader"), await node.next("getblocktemplate")];
    await recorder.unavailable();
    fetch.http(503);
    expect(await recorder.unavailable()).toContain("HTTP 503");
    await header.gone();
    bench.answerAll();
    await bench.retry();
    await recorder.ready();
    await clock.waiting(POLL_MS);
    move(bench, TIP_C, 102);
    await bench.poll();
    const last = await node.next("getblockheader");
    await bench.source.stop();
    await last.gone();
    expect(clock.pending).toBe(0);
  });

  it("has its full template counted as no new tip, though the source failed between both", async () => {
    const bench = await benchOnA();
    const { node, recorder } = bench;
    node.standing.set("getblockheader", (call) => call.result(bench.place(TIP_B)));
    move(bench, TIP_B, 101);
    await bench.poll();
    const fetch = await node.next("getblocktemplate");
    await recorder.template();
    fetch.http(503);
    bench.answerAll();
    await bench.retry();
    await recorder.template();
    await node.next("longpoll");
    expect(recorder.order.slice(2)).toEqual([
      "unavailable",
      "template 2 tip",
      "ready",
      "unavailable",
      "template 3",
      "ready",
    ]);
  });
});

describe("a block of the pool's own", () => {
  it("brings work on top of it as soon as the node has accepted it", async () => {
    const bench = await benchOnA();
    const { node, recorder, blocks } = bench;
    await bench.clock.waiting(POLL_MS);
    node.standing.delete("getbestblockhash");
    const block = new Uint8Array(90).fill(7);
    const submitted = blocks.submitBlock(block);
    (await node.next("submitblock")).result(null);
    expect(await submitted).toEqual({ kind: "accepted" });
    const header = await node.next("getblockheader");
    // Of 80 bytes 07, hashed twice.
    const hash = "23569f0d64bcf482ac6652481eb04a786dff40ad00705302127fbe51975d5d59";
    expect(header.params).toEqual([hash, true]);
    move(bench, hash, 101);
    header.result(bench.place(hash));
    expect(shapeOf((await recorder.template()).template)).toEqual([hash, 102, 0, 5_000_000_000n]);
  });

  it.each(["inconclusive", "high-hash"])("that the node finds %s is not asked for", async (word) => {
    const bench = await benchOnA();
    const { node, blocks } = bench;
    node.standing.set("submitblock", (call) => call.result(word));
    await blocks.submitBlock(new Uint8Array(90));
    await bench.poll();
    await bench.clock.waiting(POLL_MS);
    expect(node.calls).not.toContain("getblockheader");
  });
});
