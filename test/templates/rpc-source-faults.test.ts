import { describe, expect, it } from "vitest";
import type { FakeCall } from "./rpc-fake-node.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";
import { POLL_MS, REFRESH_MS, SourceBench } from "./rpc-source-bench.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

/** What a node can do to any call, and what the operator has to read of it. */
const FAULTS: readonly (readonly [string, (call: FakeCall) => void, string])[] = [
  ["warming up", (call) => call.error(-28, "Loading block index…"), "is warming up (-28: Loading block index…)"],
  ["without peers", (call) => call.error(-9, "Bitcoin Core is not connected!"), "has no peers"],
  ["in initial download", (call) => call.error(-10, "is in initial sync"), "is still downloading the chain"],
  ["of other rules", (call) => call.error(-8, "must be called with the x rule set"), "with the wrong rules"],
  ["that refuses the password", (call) => call.http(401), "check rpc_user and rpc_password"],
  ["that forbids the call", (call) => call.http(403), "rpcallowip and rpcwhitelist"],
  ["that is overloaded", (call) => call.http(503, "Work queue depth exceeded"), "HTTP 503 (Work queue depth exceeded)"],
  ["that is a web server", (call) => call.http(200, "<html>"), "is not JSON: is this the RPC port of a Bitcoin node?"],
  ["that answers nonsense", (call) => call.result({ hello: 1 }), "the node"],
  ["that breaks the connection", (call) => call.cut(), "cannot be reached"],
];

describe("a node", () => {
  describe.each(FAULTS)("%s", (_, fault, sentence) => {
    it.each(["getblockchaininfo", "getblocktemplate"])(
      "at the first %s is a reason, and is asked again",
      async (method) => {
        const bench = await SourceBench.create();
        const { node, recorder, source } = bench;
        node.standing.set(method, fault);
        await source.start(recorder);
        expect(await recorder.unavailable()).toContain(sentence);
        expect(recorder.order).toEqual(["unavailable"]);
        bench.answerAll();
        await bench.retry();
        await recorder.ready();
        expect(recorder.order).toEqual(["unavailable", "template 1 tip", "ready"]);
        // Who listens says it.
        expect(bench.logged.filter((line) => !line.startsWith("debug"))).toEqual([]);
      },
    );

    it.each([
      ["poll", "getbestblockhash", POLL_MS],
      ["refresh", "getblocktemplate", REFRESH_MS],
    ])("at a %s makes the source unavailable, until it is well again", async (_kind, method, afterMs) => {
      const bench = await SourceBench.create();
      const { node, recorder } = bench;
      const longpoll = await bench.start();
      node.standing.set(method, fault);
      await bench.poll(afterMs);
      expect(await recorder.unavailable()).toContain(sentence);
      await longpoll.gone();
      bench.answerAll();
      await bench.retry();
      const { newTip } = await recorder.template();
      expect(newTip).toBe(false);
      await recorder.ready();
      await node.next("longpoll");
    });
  });

  it("is unavailable with the code of its fault, and without one while its template is fetched", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    node.standing.delete("getblocktemplate");
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    await bench.poll();
    const fetch = await node.next("getblocktemplate");
    expect(await recorder.states.next("the first reason")).not.toHaveProperty("code");
    fetch.http(403);
    expect(await recorder.states.next("the second")).toMatchObject({ kind: "unavailable", code: "rpc-forbidden" });
  });

  it("that does not answer is unavailable after 10 s of a poll", async () => {
    const bench = await SourceBench.create();
    const { recorder, clock } = bench;
    await bench.start();
    await bench.heldPoll();
    clock.advance(9_999);
    expect(recorder.states.left).toEqual([]);
    clock.advance(1);
    expect(await recorder.unavailable()).toContain("has not answered within 10 s");
  });

  it("that does not answer a template request is unavailable after 30 s", async () => {
    const { node, recorder, clock, source } = await SourceBench.create();
    node.standing.delete("getblocktemplate");
    const starting = source.start(recorder);
    await node.next("getblocktemplate");
    clock.advance(30_000);
    expect(await recorder.unavailable()).toContain("has not answered within 30 s");
    await starting;
  });

  it("whose longpoll waits for an hour is asked anew, and stays ready", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, clock } = bench;
    const longpoll = await bench.start();
    await clock.waiting(POLL_MS);
    clock.advance(3_600_000);
    await longpoll.gone();
    await recorder.template();
    await clock.waiting(125);
    clock.advance(125);
    await node.next("longpoll");
    expect(recorder.order).toEqual(["template 1 tip", "ready", "template 2"]);
  });

  it("that sends an unusable template by longpoll is unavailable, and asked anew", async () => {
    const bench = await SourceBench.create();
    const { recorder } = bench;
    const longpoll = await bench.start();
    longpoll.result(bench.template({ bits: "1d00ffff" }));
    expect(await recorder.unavailable()).toBe("the node's template cannot be used: bits and target differ");
    await bench.retry();
    await recorder.template();
    await recorder.ready();
  });

  it("whose template has another height than its chain is unavailable", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, source } = bench;
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ height: 102 })));
    await source.start(recorder);
    expect(await recorder.unavailable()).toContain("height is not 101");
    expect(recorder.templates.left).toEqual([]);
  });

  it("whose template changes its height on the same tip is unavailable", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ height: 102 })));
    await bench.poll(REFRESH_MS);
    expect(await recorder.unavailable()).toContain("height is 102, and was 101 on the same tip");
  });

  it("that restarts on a new tip is found again by itself, and its tip is new", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    const { port } = node;
    // The longpoll breaks, so that the node is polled at once.
    await node.stop();
    expect(await recorder.unavailable()).toContain("ECONNREFUSED");
    await node.listen(port);
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    await bench.retry();
    expect((await recorder.template()).newTip).toBe(true);
    await recorder.ready();
  });

  it("is asked after waits that double up to 10 s, and soon again after a long good time", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, clock, source } = bench;
    node.standing.set("getblockchaininfo", (call) => call.http(503));
    await source.start(recorder);
    for (const waitMs of [125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      await clock.waiting(waitMs);
      expect(clock.pending).toBe(1);
      clock.advance(waitMs - 1);
      expect(clock.pending).toBe(1);
      clock.advance(1);
    }
    await clock.waiting(5_000);
    // One state only: the reason was the same all the time.
    expect(recorder.order).toEqual(["unavailable"]);

    bench.answerAll();
    clock.advance(5_000);
    await recorder.unavailable();
    await recorder.ready();
    await node.next("longpoll");
    await bench.poll(10_000);
    await clock.waiting(POLL_MS);
    await node.stop();
    await recorder.unavailable();
    await clock.waiting(125);
  });

  it("that fails again within 10 s is asked after a longer wait", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, clock } = bench;
    await bench.start();
    node.standing.set("getbestblockhash", (call) => call.http(503));
    await bench.poll();
    await bench.retry();
    await bench.poll();
    await clock.waiting(250);
    expect(recorder.order.filter((event) => event === "unavailable")).toHaveLength(2);
  });

  it("that gives another reason is heard", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, source } = bench;
    node.standing.set("getblockchaininfo", (call) => call.error(-28, "Loading wallet…"));
    await source.start(recorder);
    expect(await recorder.unavailable()).toContain("Loading wallet…");
    node.standing.set("getblockchaininfo", (call) => call.error(-28, "Rescanning…"));
    await bench.retry();
    expect(await recorder.unavailable()).toContain("Rescanning…");
  });

  it("that sends more than 32 MiB is cut off", async () => {
    const { node, recorder, source } = await SourceBench.create();
    node.standing.set("getblocktemplate", (call) => {
      call.response.writeHead(200, { "content-length": 32 * 1024 * 1024 + 1 }).flushHeaders();
    });
    await source.start(recorder);
    expect(await recorder.unavailable()).toContain("more than 33554432 bytes");
  });
});

describe("the node's network", () => {
  it("has to be the pool's: the start fails with what is wrong, and nothing goes on", async () => {
    const publisher = await TipPublisher.start();
    const { node, recorder, source, clock } = await SourceBench.create({
      network: "main",
      zmqHashblock: publisher.address,
    });
    node.standing.set("getblockchaininfo", (call) => {
      void publisher.subscribed().then(() => call.result({ chain: "test", blocks: 100, bestblockhash: TIP_A }));
    });
    await expect(source.start(recorder)).rejects.toMatchObject({
      code: "wrong-network",
      disposition: { kind: "shutdown" },
      message: `the node at ${node.url} is on the network "test", the pool on "main": one of both is configured wrong`,
    });
    expect(node.calls).toEqual(["getblockchaininfo"]);
    expect(clock.pending).toBe(0);
    expect(recorder.order).toEqual([]);
    await publisher.unsubscribed();
    await publisher.stop();
  });

  it("that changes later is a reason, and no end", async () => {
    const bench = await SourceBench.create();
    const { node, recorder } = bench;
    await bench.start();
    const { port } = node;
    // The longpoll breaks, so that the node is polled at once.
    await node.stop();
    await recorder.unavailable();
    await node.listen(port);
    bench.chain.name = "main";
    await bench.retry();
    expect(await recorder.unavailable()).toContain('is on the network "main"');
    bench.chain.name = "regtest";
    await bench.clock.waiting(250);
    bench.clock.advance(250);
    await recorder.ready();
  });

  it("cannot be signet, and the node is not even asked", async () => {
    const { node, recorder, source } = await SourceBench.create({ network: "signet" });
    await expect(source.start(recorder)).rejects.toMatchObject({
      code: "signet-unsupported",
      disposition: { kind: "shutdown" },
    });
    expect(node.calls).toEqual([]);
  });

  it("has to be downloaded, on a test network too", async () => {
    const bench = await SourceBench.create({ network: "testnet4" });
    const { node, recorder, source } = bench;
    const info = { chain: "testnet4", blocks: 100, bestblockhash: TIP_A };
    node.standing.set("getblockchaininfo", (call) => call.result({ ...info, initialblockdownload: true }));
    await source.start(recorder);
    expect(await recorder.unavailable()).toContain("is still downloading the chain (block 100)");
    const bits = { bits: "1d00ffff", target: undefined };
    node.standing.set("getblocktemplate", (call) => call.result(bench.template(bits)));
    node.standing.set("getblockchaininfo", (call) => call.result({ ...info, initialblockdownload: false }));
    await bench.retry();
    await recorder.ready();
  });
});
