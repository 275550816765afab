import { afterEach, describe, expect, it } from "vitest";
import type { FakeCall } from "./rpc-fake-node.ts";
import { TIP_A, TIP_B, TIP_C } from "./rpc-gbt.ts";
import { type BenchOptions, POLL_MS, REFRESH_MS, SourceBench } from "./rpc-source-bench.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

let bench: SourceBench;
async function create(options: BenchOptions = {}): Promise<SourceBench> {
  bench = await SourceBench.create(options);
  return bench;
}
afterEach(() => bench.stop());

function printed(hash: Uint8Array): string {
  return Buffer.from(hash).reverse().toString("hex");
}

describe("a source over JSON-RPC", () => {
  it("asks for the chain, then for a template, delivers that and is ready", async () => {
    const { source, recorder, node } = await create();
    await source.start(recorder);
    expect(recorder.order).toEqual(["template 1 tip", "ready"]);
    const { template, newTip } = await recorder.template();
    expect(newTip).toBe(true);
    expect(template).toMatchObject({ templateId: 1, source: `rpc:${node.url}`, height: 101 });
    expect(template.receivedAtMs).toBe(bench.clock.nowMs());
    expect(printed(template.prevHash)).toBe(TIP_A);
    expect(node.calls.slice(0, 2)).toEqual(["getblockchaininfo", "getblocktemplate"]);
  });

  it("asks for templates with segwit's rules, and waits for the next by longpoll on another connection", async () => {
    const { node } = await create();
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
    const { node, recorder } = await create();
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

  it("finds a new tip by poll where the longpoll is silent: unavailable at once, then the template, then ready", async () => {
    const { node, recorder } = await create();
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
    expect(bench.logged.filter((line) => !line.startsWith("debug"))).toHaveLength(1);
  });

  it("goes back to an earlier tip of the same height with the node", async () => {
    const { recorder } = await create();
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

  it("does not deliver what a longpoll brings for a tip that a poll knows to be old", async () => {
    const { node, recorder, clock } = await create();
    const longpoll = await bench.start();
    node.standing.delete("getbestblockhash");
    await bench.poll(REFRESH_MS);
    const poll = await node.next("getbestblockhash");
    longpoll.result(bench.template({ longpollid: "other fees" }));
    await node.next("longpoll");
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    poll.result(TIP_B);
    node.standing.set("getbestblockhash", (call) => call.result(TIP_B));
    await clock.waiting(POLL_MS);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "unavailable", "template 2 tip", "ready"]);
  });

  it("takes up a tip that moves on while its template is fetched", async () => {
    const { node, recorder } = await create();
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
    const { node, recorder } = await create();
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

  it("refreshes its template for fees each 30 s, and not before", async () => {
    const { recorder, clock } = await create();
    await bench.start();
    await bench.poll(REFRESH_MS - 1);
    await clock.waiting(POLL_MS);
    expect(recorder.templates.left).toEqual([]);
    clock.advance(POLL_MS);
    const { template, newTip } = await recorder.template();
    expect([template.templateId, newTip]).toEqual([2, false]);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "template 2"]);
  });

  it.each([
    [4_999, 0],
    [5_000, 1],
  ])("of what a longpoll brings for fees %i ms after the last template delivers %i", async (afterMs, delivered) => {
    const { recorder, clock, node } = await create({ pollIntervalMs: 20_000 });
    const longpoll = await bench.start();
    await clock.waiting(20_000);
    clock.advance(afterMs);
    longpoll.result(bench.template({ longpollid: "other fees" }));
    expect((await node.next("longpoll")).params).toEqual([{ rules: ["segwit"], longpollid: "other fees" }]);
    await clock.waiting(20_000);
    expect(recorder.templates.left).toHaveLength(delivered);
  });

  it("does not send the next longpoll within 1 s of one that did not wait", async () => {
    const { node, clock } = await create();
    const longpoll = await bench.start();
    longpoll.result(bench.template());
    await clock.waiting(1_000);
    clock.advance(999);
    await clock.waiting(POLL_MS);
    expect(node.calls.filter((name) => name === "longpoll")).toHaveLength(1);
    clock.advance(1);
    await node.next("longpoll");
  });

  it("takes a new tip from the longpoll though a poll heard of it meanwhile, and stays ready", async () => {
    const { node, recorder, clock } = await create();
    const longpoll = await bench.start();
    node.standing.delete("getbestblockhash");
    await bench.poll();
    const poll = await node.next("getbestblockhash");
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

  it("ends a refresh under way when the longpoll brings a new tip", async () => {
    const { node, recorder } = await create();
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

  it("does not go back to an older tip that a longpoll brings late", async () => {
    const { recorder, clock } = await create();
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

  it("works on where the longpoll breaks: it polls at once, and sends another after a wait", async () => {
    const { node, recorder, clock } = await create();
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
    const { node, recorder } = await create();
    const longpoll = await bench.start();
    node.standing.set("getblocktemplate", (call) => call.error(-9, "Bitcoin Core is not connected!"));
    longpoll.error(-9, "Bitcoin Core is not connected!");
    expect(await recorder.unavailable()).toContain("has no peers");
  });

  it("lives without longpolls where the node offers none", async () => {
    const { node, recorder } = await create();
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ longpollid: undefined })));
    await bench.source.start(recorder);
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    await recorder.template();
    await bench.poll();
    expect((await recorder.template()).newTip).toBe(true);
    expect(node.calls).not.toContain("longpoll");
  });

  it("looks at once when ZMQ announces a tip, and not for the tip that it has", async () => {
    const publisher = await TipPublisher.start();
    const { node, recorder, clock } = await create({ zmqHashblock: publisher.address });
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

  it("counts templates and tips, and shows whether it is ready", async () => {
    const { metrics, source, recorder } = await create();
    await bench.start();
    await bench.poll(REFRESH_MS);
    await recorder.template();
    const labels = { source: source.name };
    const value = (name: string): number => metrics.counter({ name, help: "", labels }).value;
    expect([value("adit_templates_total"), value("adit_template_tips_total")]).toEqual([2, 1]);
    expect(value("adit_template_source_ready")).toBe(1);
    await bench.node.stop();
    await recorder.unavailable();
    expect([value("adit_template_source_ready"), value("adit_template_faults_total")]).toEqual([0, 1]);
  });

  it("goes on where its listener throws, and logs that", async () => {
    const { source, recorder } = await create();
    const failing = {
      onTemplate: (): void => {
        throw new Error("listener's own");
      },
      onState: recorder.onState.bind(recorder),
    };
    await source.start(failing);
    await recorder.ready();
    expect(bench.logged.join("\n")).toContain("listener's own");
  });

  it("writes no password into its name or any log line", async () => {
    const url = (plain: string): string => plain.replace("http://", "http://alice:s3cret@");
    const { source, recorder, node } = await create((plain) => ({ rpcUrl: url(plain), rpcUser: "", rpcPassword: "" }));
    node.standing.set("getblocktemplate", (call) => {
      expect(call.authorization).toBe(`Basic ${Buffer.from("alice:s3cret").toString("base64")}`);
      call.http(401);
    });
    await source.start(recorder);
    expect(await recorder.unavailable()).toContain("check the user and password in rpc_url");
    expect(source.name).toBe(`rpc:${node.url}`);
    expect(bench.logged.join("\n")).toContain("template source unavailable");
    expect(bench.logged.join("\n")).not.toMatch(/s3cret|alice|YWxpY2U/);
  });
});
