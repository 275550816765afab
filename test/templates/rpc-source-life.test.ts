import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { within } from "../support/wait.ts";
import { TIP_B } from "./rpc-gbt.ts";
import { POLL_MS, SourceBench } from "./rpc-source-bench.ts";

describe("stopping", () => {
  it("ends all requests and timers, and tells nothing more", async () => {
    const bench = await SourceBench.create();
    const { source, recorder, clock, node } = bench;
    const longpoll = await bench.start();
    await clock.waiting(POLL_MS);
    await within(source.stop(), "the source's end");
    await longpoll.gone();
    expect(clock.pending).toBe(0);
    expect(recorder.order).toEqual(["template 1 tip", "ready"]);
    const calls = node.calls.length;
    clock.advance(100_000);
    expect(node.calls).toHaveLength(calls);
  });

  it("works before the start", async () => {
    const { source } = await SourceBench.create();
    await within(source.stop(), "the source's end");
  });

  it("works within the start", async () => {
    const { source, recorder, node, clock } = await SourceBench.create();
    node.standing.delete("getblockchaininfo");
    const starting = source.start(recorder);
    await node.next("getblockchaininfo");
    await within(source.stop(), "the source's end");
    await within(starting, "the start that was stopped");
    expect(recorder.order).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("works while the source waits to try again", async () => {
    const { source, recorder, node, clock } = await SourceBench.create();
    node.standing.set("getblockchaininfo", (call) => call.http(503));
    await source.start(recorder);
    await clock.waiting(125);
    await within(source.stop(), "the source's end");
    expect(clock.pending).toBe(0);
  });
});

describe("the cookie file", () => {
  let folder: string;
  let rpcCookie: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "adit-cookie-"));
    rpcCookie = join(folder, ".cookie");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is read again when the node refuses the cookie, without anybody noticing", async () => {
    await writeFile(rpcCookie, "__cookie__:one");
    const bench = await SourceBench.create({ rpcCookie });
    const { node, recorder } = bench;
    await bench.start();
    const wanted = `Basic ${Buffer.from("__cookie__:two").toString("base64")}`;
    const refused: string[] = [];
    const guard = (name: string): void => {
      const answer = node.standing.get(name);
      node.standing.set(name, (call) => {
        if (call.authorization === wanted) answer?.(call);
        else {
          refused.push(name);
          call.http(401);
        }
      });
    };
    guard("getbestblockhash");
    await writeFile(rpcCookie, "__cookie__:two");
    bench.chain = { name: "regtest", tip: TIP_B, height: 101 };
    await bench.poll();
    expect(await recorder.unavailable()).toContain(TIP_B);
    expect((await recorder.template()).newTip).toBe(true);
    expect(refused).toEqual(["getbestblockhash"]);
  });

  it("is read again before the node is asked again after a fault", async () => {
    await writeFile(rpcCookie, "__cookie__:one");
    const bench = await SourceBench.create({ rpcCookie });
    const { node, recorder } = bench;
    await bench.start();
    await node.stop();
    expect(await recorder.unavailable()).toContain("ECONNREFUSED");
    await node.listen(node.port);
    const seen: (string | undefined)[] = [];
    const answer = node.standing.get("getblockchaininfo");
    node.standing.set("getblockchaininfo", (call) => {
      seen.push(call.authorization);
      answer?.(call);
    });
    await writeFile(rpcCookie, "__cookie__:two");
    await bench.retry();
    await recorder.ready();
    expect(seen).toEqual([`Basic ${Buffer.from("__cookie__:two").toString("base64")}`]);
  });

  it("may be missing at the start: the reason says so, and it is read when it is there", async () => {
    const bench = await SourceBench.create({ rpcCookie });
    const { recorder, node } = bench;
    await bench.source.start(recorder);
    expect(await recorder.unavailable()).toContain(`${rpcCookie} does not exist`);
    expect(node.calls).toEqual([]);
    await writeFile(rpcCookie, "__cookie__:one");
    await bench.retry();
    await recorder.template();
    await recorder.ready();
  });
});
