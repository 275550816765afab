import { beforeEach, describe, expect, it } from "vitest";
import { within } from "../support/wait.ts";
import { TIP_B } from "./rpc-gbt.ts";
import { POLL_MS, SourceBench } from "./rpc-source-bench.ts";

const BLOCK = Uint8Array.of(0x00, 0xab, 0xff);

describe("a block", () => {
  let bench: SourceBench;
  beforeEach(async () => {
    bench = await SourceBench.create();
  });

  it("is sent as hexadecimal, and null means accepted", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    const call = await bench.node.next("submitblock");
    expect(call.params).toEqual(["00abff"]);
    call.result(null);
    expect(await result).toEqual({ kind: "accepted" });
  });

  it("that is a view of a larger buffer is sent alone", async () => {
    const result = bench.blocks.submitBlock(Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    const call = await bench.node.next("submitblock");
    expect(call.params).toEqual(["0203"]);
    call.result("inconclusive");
    expect(await result).toEqual({ kind: "inconclusive" });
  });

  it("gets the node's reason where it is refused", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).result("bad-txnmrklroot");
    expect(await result).toEqual({ kind: "refused", reason: "bad-txnmrklroot" });
  });

  it("that the node cannot decode is refused", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).error(-22, "Block decode failed");
    expect(await result).toEqual({ kind: "refused", reason: "Block decode failed" });
  });

  it("goes out on a connection of its own, each of several at once", async () => {
    const longpoll = await bench.start();
    const results = [bench.blocks.submitBlock(BLOCK), bench.blocks.submitBlock(BLOCK)];
    const calls = [await bench.node.next("submitblock"), await bench.node.next("submitblock")];
    const ports = new Set([longpoll, ...calls].map((call) => call.remotePort));
    expect(ports.size).toBe(3);
    for (const call of calls) call.result(null);
    expect(await Promise.all(results)).toEqual([{ kind: "accepted" }, { kind: "accepted" }]);
  });

  it("goes out while no template can be had, and while none was asked for", async () => {
    bench.node.standing.set("getblockchaininfo", (call) => call.error(-9, "not connected"));
    await bench.source.start(bench.recorder);
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).result("duplicate");
    expect(await result).toEqual({ kind: "accepted" });
  });

  it("that is accepted makes the source look for the new tip at once", async () => {
    await bench.start();
    await bench.clock.waiting(POLL_MS);
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).result(null);
    await result;
    expect((await bench.recorder.template()).template.height).toBe(102);
  });

  it.each([
    ["is warming up", -28],
    ["has an error of its own", -25],
  ])("is to be tried again where the node %s (%i)", async (_, code) => {
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).error(code, "words");
    expect(await result).toMatchObject({ kind: "failed", reason: expect.stringContaining(`(${code}: words)`) });
  });

  it.each([500, 503, 401, 403])("is to be tried again after HTTP %i", async (status) => {
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).http(status);
    expect(await result).toMatchObject({ kind: "failed" });
  });

  it("is to be tried again where the connection breaks, or nobody listens", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    (await bench.node.next("submitblock")).cut();
    expect(await result).toMatchObject({ kind: "failed", reason: expect.stringContaining("ECONNRESET") });
    const { port } = bench.node;
    await bench.node.stop();
    expect(await bench.blocks.submitBlock(BLOCK)).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
    await bench.node.listen(port);
  });

  it("is to be tried again after a minute without an answer", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    const call = await bench.node.next("submitblock");
    bench.clock.advance(60_000);
    expect(await result).toMatchObject({ kind: "failed", reason: expect.stringContaining("60 s") });
    await call.gone();
  });

  it("under way at the stop has 3 s more, in which it can be accepted", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    const call = await bench.node.next("submitblock");
    const stop = bench.blocks.stop();
    await bench.clock.waiting(3_000);
    bench.clock.advance(2_999);
    call.result(null);
    expect(await result).toEqual({ kind: "accepted" });
    await within(stop, "the node's end");
    expect(bench.clock.pending).toBe(0);
  });

  it("under way longer than that is given up", async () => {
    const result = bench.blocks.submitBlock(BLOCK);
    const call = await bench.node.next("submitblock");
    const stop = bench.blocks.stop();
    await bench.clock.waiting(3_000);
    bench.clock.advance(3_000);
    expect(await result).toMatchObject({ kind: "failed" });
    await within(stop, "the node's end");
    await call.gone();
  });

  it("that comes while another one is waited for at the stop is not sent", async () => {
    const first = bench.blocks.submitBlock(BLOCK);
    const call = await bench.node.next("submitblock");
    const stop = bench.blocks.stop();
    const reason = expect.stringContaining("the pool stops");
    expect(await bench.blocks.submitBlock(BLOCK)).toEqual({ kind: "failed", reason });
    call.result(null);
    expect(await first).toEqual({ kind: "accepted" });
    await within(stop, "the node's end");
    expect(bench.node.calls).toEqual(["submitblock"]);
  });

  it("that comes after the stop is not sent", async () => {
    await bench.blocks.stop();
    expect(await bench.blocks.submitBlock(BLOCK)).toMatchObject({ kind: "failed" });
    expect(bench.node.calls).toEqual([]);
  });
});
