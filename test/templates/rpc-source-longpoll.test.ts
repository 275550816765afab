import { describe, expect, it } from "vitest";
import type { FakeCall } from "./rpc-fake-node.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";
import { POLL_MS, REFRESH_MS, SourceBench } from "./rpc-source-bench.ts";

describe("a source over JSON-RPC", () => {
  it("asks for templates with segwit's rules, and waits for the next by longpoll on another connection", async () => {
    const bench = await SourceBench.create();
    const { node } = bench;
    const asked: FakeCall[] = [];
    node.standing.set("getblocktemplate", (call) => {
      asked.push(call);
      call.result(bench.template());
    });
    const longpoll = await bench.start();
    expect(asked.map((call) => call.params)).toEqual([[{ rules: ["segwit"] }]]);
    expect(longpoll.params).toEqual([{ rules: ["segwit"], longpollid: `${TIP_A}1` }]);
    expect(longpoll.remotePort).not.toBe(asked[0]?.remotePort);
  });

  it("delivers a new tip that the longpoll brings without any other wait, and waits for the one after", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    const longpoll = await bench.start();
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    longpoll.result(bench.template());
    const { template, newTip } = await recorder.template();
    expect([template.templateId, template.height, newTip]).toEqual([2, 102, true]);
    await bench.clock.waiting(1_000);
    bench.clock.advance(1_000);
    expect((await node.next("longpoll")).params).toEqual([{ rules: ["segwit"], longpollid: `${TIP_B}1` }]);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "template 2 tip"]);
  });

  it.each([
    [4_999, 0],
    [5_000, 1],
  ])("of what a longpoll brings for fees %i ms after the last template delivers %i", async (afterMs, delivered) => {
    const bench = await SourceBench.create({ pollIntervalMs: 20_000 });
    const { recorder, clock, node } = bench;
    const longpoll = await bench.start();
    await clock.waiting(20_000);
    clock.advance(afterMs);
    longpoll.result(bench.template({ longpollid: "other fees" }));
    expect((await node.next("longpoll")).params).toEqual([{ rules: ["segwit"], longpollid: "other fees" }]);
    await clock.waiting(20_000);
    expect(recorder.templates.left).toHaveLength(delivered);
  });

  it("does not send the next longpoll within 1 s of one that did not wait", async () => {
    const bench = await SourceBench.create();
    const { node, clock } = bench;
    const longpoll = await bench.start();
    longpoll.result(bench.template());
    await clock.waiting(1_000);
    clock.advance(999);
    await clock.waiting(POLL_MS);
    expect(node.calls.filter((name) => name === "longpoll")).toHaveLength(1);
    clock.advance(1);
    await node.next("longpoll");
  });

  it("ends a refresh under way when the longpoll brings a new tip", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    const longpoll = await bench.start();
    node.standing.delete("getblocktemplate");
    await bench.poll(REFRESH_MS);
    const refresh = await node.next("getblocktemplate");
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    longpoll.result(bench.template());
    await refresh.gone();
    expect((await recorder.template()).template.height).toBe(102);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "template 2 tip"]);
  });

  it("works on where the longpoll breaks: it polls at once, and sends another after a wait", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, clock } = bench;
    const longpoll = await bench.start();
    node.standing.delete("getbestblockhash");
    longpoll.http(504, "a proxy's words");
    (await node.next("getbestblockhash")).result(TIP_A);
    bench.answerAll();
    await clock.waiting(125);
    clock.advance(125);
    await node.next("longpoll");
    expect(recorder.order).toEqual(["template 1 tip", "ready"]);
  });

  it("asks for a template at once where the node answers the longpoll with an error of its own", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    const longpoll = await bench.start();
    node.standing.set("getblocktemplate", (call) => call.error(-9, "Bitcoin Core is not connected!"));
    longpoll.error(-9, "Bitcoin Core is not connected!");
    expect(await recorder.unavailable()).toContain("has no peers");
  });

  it("lives without longpolls where the node offers none", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ longpollid: undefined })));
    await bench.source.start(recorder);
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    await recorder.template();
    await bench.poll();
    expect((await recorder.template()).newTip).toBe(true);
    expect(node.calls).not.toContain("longpoll");
  });
});
