import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn, within } from "../support/wait.ts";
import type { FakeCall } from "./rpc-fake-node.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";
import { POLL_MS, SourceBench } from "./rpc-source-bench.ts";

/** Of the block that is asked for, in header order; printed backwards. */
const HASH = Uint8Array.from({ length: 32 }, (_, index) => index);
const PRINTED = Buffer.from(HASH).reverse().toString("hex");

let bench: SourceBench;
beforeEach(async () => {
  bench = await SourceBench.create();
});

/** The node says this of the block, and that its best chain has `PRINTED` at height 98. */
function say(header: Readonly<Record<string, unknown>>): void {
  bench.node.standing.set("getblockheader", (call) => call.result({ hash: PRINTED, ...header }));
  bench.node.standing.set("getblockhash", (call) => call.result(call.params[0] === 98 ? PRINTED : TIP_B));
}

describe("where a block stands", () => {
  it("is on the chain with its confirmations, of which alone it needs the node to tell", async () => {
    say({ confirmations: 3, height: 98 });
    expect(await bench.blocks.blockStanding(HASH)).toEqual({ kind: "on-chain", confirmations: 3 });
    expect(bench.node.calls).toEqual(["getblockchaininfo", "getblockheader", "getblockhash"]);
  });

  it("is asked for with the hash as nodes print it", async () => {
    const standing = bench.blocks.blockStanding(HASH);
    const header = await bench.node.next("getblockheader");
    expect(header.params).toEqual([PRINTED, true]);
    header.error(-5, "Block not found");
    await standing;
  });

  it.each([-1, 0])("is off the chain with %i confirmations", async (confirmations) => {
    say({ confirmations, height: 98 });
    expect(await bench.blocks.blockStanding(HASH)).toEqual({ kind: "off-chain", tipHeight: 100 });
  });

  it("is off the chain where the node counts confirmations for it, and has another block at its height", async () => {
    say({ confirmations: 2, height: 99 });
    expect(await bench.blocks.blockStanding(HASH)).toEqual({ kind: "off-chain", tipHeight: 100 });
  });

  it.each([
    ["Bitcoin Core", -5, "Block not found"],
    ["bcoin", -1, "Block not found"],
  ])("is unknown where %s does not have it (%i)", async (_, code, words) => {
    bench.node.standing.set("getblockheader", (call) => call.error(code, words));
    expect(await bench.blocks.blockStanding(HASH)).toEqual({ kind: "unknown", tipHeight: 100 });
  });

  it("says the height that the tip had before the block was asked for", async () => {
    const standing = bench.blocks.blockStanding(HASH);
    const header = await bench.node.next("getblockheader");
    bench.chain = { name: "regtest", tip: TIP_B, height: 150 };
    header.error(-5, "Block not found");
    expect(await standing).toEqual({ kind: "unknown", tipHeight: 100 });
  });

  it.each<readonly [string, string, (call: FakeCall) => void, string]>([
    [
      "is of another network",
      "getblockchaininfo",
      (call) => call.result(chainOf({ chain: "test" })),
      'the network "test"',
    ],
    ["names no tip", "getblockchaininfo", (call) => call.result(chainOf({ bestblockhash: 7 })), "which chain it has"],
    ["is warming up", "getblockchaininfo", (call) => call.error(-28, "Loading"), "is warming up"],
    ["has another error", "getblockheader", (call) => call.error(-1, "Out of memory"), "Out of memory"],
    ["is overloaded", "getblockheader", (call) => call.http(503), "HTTP 503"],
    ["breaks the connection", "getblockheader", (call) => call.cut(), "ECONNRESET"],
    ["says no confirmations", "getblockheader", (call) => call.result({ height: 98 }), "does not say where"],
    [
      "says half a confirmation",
      "getblockheader",
      (call) => call.result({ confirmations: 0.5, height: 9 }),
      "does not say",
    ],
    ["answers nothing", "getblockheader", (call) => call.result(null), "does not say where"],
    [
      "has no block at its height",
      "getblockhash",
      (call) => call.error(-8, "Block height out of range"),
      "out of range",
    ],
  ])("is not known where the node %s", async (_, method, fault, words) => {
    say({ confirmations: 3, height: 98 });
    bench.node.standing.set(method, fault);
    const standing = await bench.blocks.blockStanding(HASH);
    expect(standing).toEqual({ kind: "failed", reason: expect.stringContaining(words) });
  });

  it("is not known of a node that still downloads its chain, though that has the block", async () => {
    bench = await SourceBench.create({ network: "main" });
    const info = chainOf({ chain: "main", initialblockdownload: true });
    bench.node.standing.set("getblockchaininfo", (call) => call.result(info));
    say({ confirmations: 3, height: 98 });
    const standing = await bench.blocks.blockStanding(HASH);
    expect(standing).toEqual({ kind: "failed", reason: expect.stringContaining("still downloading the chain") });
  });

  it("is not known of a node that says nothing for 10 s", async () => {
    const standing = bench.blocks.blockStanding(HASH);
    const header = await bench.node.next("getblockheader");
    bench.clock.advance(10_000);
    expect(await standing).toEqual({ kind: "failed", reason: expect.stringContaining("10 s") });
    await header.gone();
  });

  it("is answered while a template is being made, on another connection", async () => {
    await bench.start();
    bench.node.standing.delete("getblocktemplate");
    await bench.poll(30_000);
    const template = await bench.node.next("getblocktemplate");
    say({ confirmations: 3, height: 98 });
    let port: number | undefined;
    bench.node.standing.set("getblockheader", (call) => {
      port = call.remotePort;
      call.result({ confirmations: 3, height: 98 });
    });
    expect(await bench.blocks.blockStanding(HASH)).toMatchObject({ kind: "on-chain" });
    expect(port).not.toBe(template.remotePort);
    template.result(bench.template());
    await bench.clock.waiting(POLL_MS);
  });

  it("is not waited for at the stop, and not asked for after it", async () => {
    const standing = bench.blocks.blockStanding(HASH);
    await bench.node.next("getblockheader");
    await within(bench.blocks.stop(), "the node's end");
    expect(await standing).toMatchObject({ kind: "failed" });
    expect(await bench.blocks.blockStanding(HASH)).toMatchObject({ kind: "failed" });
    expect(await bench.blocks.preferBlock(HASH)).toBe(false);
    await nextTurn();
    expect(bench.node.calls).toEqual(["getblockchaininfo", "getblockheader"]);
    expect(bench.clock.pending).toBe(0);
  });
});

describe("a block that is to be preferred", () => {
  it("is named to the node as nodes print it", async () => {
    const preferred = bench.blocks.preferBlock(HASH);
    const call = await bench.node.next("preciousblock");
    expect(call.params).toEqual([PRINTED]);
    call.result(null);
    expect(await preferred).toBe(true);
  });

  it.each<readonly [string, (call: FakeCall) => void]>([
    ["knows no such request", (call) => call.error(-32_601, "Method not found")],
    ["does not have it", (call) => call.error(-5, "Block not found")],
    ["breaks the connection", (call) => call.cut()],
  ])("is not where the node %s", async (_, answer) => {
    bench.node.standing.set("preciousblock", answer);
    expect(await bench.blocks.preferBlock(HASH)).toBe(false);
  });
});

function chainOf(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { chain: "regtest", blocks: 100, bestblockhash: TIP_A, ...changes };
}
