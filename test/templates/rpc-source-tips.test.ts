import { describe, expect, it } from "vitest";
import { printed, TIP_A, TIP_B, TIP_C } from "./rpc-gbt.ts";
import { POLL_MS, REFRESH_MS, SourceBench } from "./rpc-source-bench.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

describe("a source over JSON-RPC", () => {
  it("finds a new tip by poll where the longpoll is silent: unavailable at once, then the template, then ready", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    node.standing.delete("getblocktemplate");
    await bench.poll();
    expect(await recorder.unavailable()).toContain(TIP_B);
    const fetch = await node.next("getblocktemplate");
    expect(recorder.templates.left).toEqual([]);
    fetch.result(bench.template());
    expect((await recorder.template()).newTip).toBe(true);
    await recorder.ready();
    expect(recorder.order.slice(2)).toEqual(["unavailable", "template 2 tip", "ready"]);
    // It happens with every other block: nothing that an operator has to read.
    expect(bench.logged.filter((line) => !line.startsWith("debug"))).toEqual([]);
  });

  it("goes back to an earlier tip of the same height with the node", async () => {
    const bench = await SourceBench.create();
    const { recorder } = bench;
    await bench.start();
    for (const [tip, height] of [
      [TIP_B, 100],
      [TIP_A, 99],
    ] as const) {
      bench.chain = { name: "regtest", tip, height };
      await bench.poll();
      await recorder.unavailable();
      const { template, newTip } = await recorder.template();
      expect([printed(template.prevHash), template.height, newTip]).toEqual([tip, height + 1, true]);
      await recorder.ready();
    }
  });

  it("goes back with its node, the only one, to a chain of less work, since nobody knows better", async () => {
    const bench = await SourceBench.create();
    const { recorder } = bench;
    bench.chain = { name: "regtest", tip: TIP_B, height: 200 };
    await bench.start();
    bench.chain = { name: "regtest", tip: TIP_A, height: 150 };
    await bench.poll();
    await recorder.unavailable();
    const { template, newTip } = await recorder.template();
    expect([printed(template.prevHash), template.height, newTip]).toEqual([TIP_A, 151, true]);
    await recorder.ready();
  });

  it("does not deliver what a longpoll brings for a tip that a poll knows to be old", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, clock } = bench;
    const longpoll = await bench.start();
    const poll = await bench.heldPoll(REFRESH_MS);
    longpoll.result(bench.template({ longpollid: "other fees" }));
    await node.next("longpoll");
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    poll.result(TIP_B);
    node.standing.set("getbestblockhash", (call) => call.result(TIP_B));
    await clock.waiting(POLL_MS);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "unavailable", "template 2 tip", "ready"]);
  });

  it("takes up a tip that moves on while its template is fetched", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    node.standing.delete("getblocktemplate");
    await bench.poll();
    const fetch = await node.next("getblocktemplate");
    bench.chain = { name: "regtest", tip: TIP_C, height: 102 };
    fetch.result(bench.template());
    const { template } = await recorder.template();
    expect(printed(template.prevHash)).toBe(TIP_C);
  });

  it("does not deliver templates that never stand on the node's tip", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ previousblockhash: TIP_A })));
    await bench.poll();
    expect(await recorder.unavailable()).toContain("is not here yet");
    expect(await recorder.unavailable()).toBe(`the node's templates do not stand on its tip ${TIP_B}`);
    bench.answerAll();
    await bench.retry();
    expect((await recorder.template()).newTip).toBe(true);
    await recorder.ready();
  });

  it("takes a new tip from the longpoll though a poll heard of it meanwhile, and stays ready", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, clock } = bench;
    const longpoll = await bench.start();
    const poll = await bench.heldPoll();
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    longpoll.result(bench.template());
    // The source has read the longpoll's answer when it sends the next.
    await node.next("longpoll");
    poll.result(TIP_B);
    await recorder.template();
    (await node.next("getbestblockhash")).result(TIP_B);
    await clock.waiting(POLL_MS);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "template 2 tip"]);
  });

  it("does not go back to an older tip that a longpoll brings late", async () => {
    const bench = await SourceBench.create();
    const { recorder, clock } = bench;
    const longpoll = await bench.start();
    const late = bench.template({ previousblockhash: TIP_B, longpollid: "late" });
    bench.chain = { name: "regtest", tip: TIP_C, height: 101 };
    await bench.poll();
    expect(printed((await recorder.template()).template.prevHash)).toBe(TIP_C);
    await clock.waiting(POLL_MS);
    longpoll.result(late);
    await bench.node.next("longpoll");
    await bench.poll();
    await clock.waiting(POLL_MS);
    expect(recorder.templates.left).toEqual([]);
    expect(recorder.order.at(-1)).toBe("ready");
  });

  it("looks at once when ZMQ announces a tip, and not for the tip that it has", async () => {
    const publisher = await TipPublisher.start();
    const bench = await SourceBench.create({ zmqHashblock: publisher.address });
    const { node, recorder, clock } = bench;
    await bench.start();
    await publisher.subscribed();
    await clock.waiting(POLL_MS);
    node.standing.delete("getbestblockhash");
    await publisher.announce(TIP_A);
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    await publisher.announce(TIP_B);
    (await node.next("getbestblockhash")).result(TIP_B);
    expect((await recorder.template()).template.height).toBe(102);
    await clock.waiting(POLL_MS);
    expect(node.calls.filter((name) => name === "getbestblockhash")).toHaveLength(1);
    await publisher.stop();
  });
});
