import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn, until, within } from "../support/wait.ts";
import { FailoverBench } from "./failover-bench.ts";
import type { FakeCall } from "./rpc-fake-node.ts";
import { printed, TIP_B } from "./rpc-gbt.ts";

describe("the start with several nodes", () => {
  let bench: FailoverBench;
  beforeEach(async () => {
    bench = await FailoverBench.create(3);
  });

  it("takes the first usable one, and says which are not", async () => {
    bench.node(0).network = "main";
    bench.node(1).answerAll((call) => call.error(-28, "Loading block index…"));
    await bench.started();
    expect((await bench.recorder.template()).template.source).toBe(bench.node(2).name);
    expect(bench.states).toEqual(["wrong-network", "failing", "templates"]);
    expect(bench.said.sort()).toEqual(["warn 0 wrong-network", "warn 1 failing"]);
    expect(bench.logger.of("node cannot be used for templates")).toContainEqual(
      expect.objectContaining({ code: "wrong-network", reason: expect.stringContaining('the network "main"') }),
    );
    expect(bench.node(0).templatesAsked).toBe(0);
  });

  it("takes the one with the most work, and nothing of one that is behind", async () => {
    bench.node(1).move(TIP_B, 101);
    await bench.started();
    expect(printed((await bench.recorder.template()).template.prevHash)).toBe(TIP_B);
    expect(bench.node(0).templatesAsked).toBe(0);
  });

  it.each([0, 2])("waits a second for node %i that hangs, and never again", async (hanging) => {
    bench.node(hanging).answerAll("nothing");
    const started = bench.started();
    await bench.pass(750);
    expect(bench.recorder.order).toEqual([]);
    const follows = hanging === 0 ? 1 : 0;
    expect(await bench.followed(follows)).toBeLessThanOrEqual(500);
    await started;
    await bench.pass(20_000);
    expect(bench.states).toEqual(
      [0, 1, 2].map((index) => {
        if (index === hanging) return "unreachable";
        return index === follows ? "templates" : "standby";
      }),
    );
    expect(bench.said).toEqual([`warn ${hanging} unreachable`]);
    expect(bench.recorder.order.slice(0, 2)).toEqual(["template 1 tip", "ready"]);
    expect(bench.recorder.order).not.toContain("unavailable");
  });

  it("says why there is no work where no node can be used, and goes on with the first that can", async () => {
    await Promise.all(bench.nodes.map(({ node }) => node.stop()));
    await bench.started();
    expect(await bench.recorder.unavailable()).toContain("cannot be reached (ECONNREFUSED)");
    const named = () => bench.logger.of("templates come from this node");
    expect(named()).toEqual([]);
    const { node } = bench.node(2);
    await node.listen(node.port);
    await bench.followed(2);
    expect(named()).toEqual([{ node: bench.node(2).name }]);
    expect(bench.recorder.order.slice(-2)).toEqual(["template 1 tip", "ready"]);
  });

  it("fails where all are of another network, and leaves nothing running", async () => {
    for (const node of bench.nodes) node.network = "main";
    await expect(bench.source.start(bench.recorder)).rejects.toMatchObject({
      code: "wrong-network",
      message: expect.stringContaining(`${bench.node(0).node.url} is on the network "main"`),
    });
    expect(bench.clock.pending).toBe(0);
    const asked = bench.nodes.map(({ node }) => node.calls.length);
    await bench.pass(5_000);
    expect(bench.nodes.map(({ node }) => node.calls.length)).toEqual(asked);
  });

  it("does not fail where some are of another network and the others away", async () => {
    bench.node(0).network = "main";
    bench.node(1).network = "main";
    await bench.node(2).node.stop();
    await bench.started();
    expect(await bench.recorder.unavailable()).toContain(bench.node(2).node.url);
  });

  it("fails on signet without a question", async () => {
    const signet = await FailoverBench.create(2, "signet");
    await expect(signet.source.start(signet.recorder)).rejects.toMatchObject({ code: "signet-unsupported" });
    expect(signet.nodes.flatMap(({ node }) => node.calls)).toEqual([]);
  });
});

describe("a followed node", () => {
  it("that became one of another network before its first template is followed when it no longer is", async () => {
    const bench = await FailoverBench.create();
    await bench.node(1).node.stop();
    const { standing } = bench.node(0).node;
    const right = standing.get("getblockchaininfo") as (call: FakeCall) => void;
    standing.set("getblockchaininfo", (call) => {
      // The first question is for the choice, the second one the source's.
      standing.set("getblockchaininfo", right);
      right(call);
      bench.node(0).network = "main";
    });
    await bench.started();
    expect(await bench.recorder.unavailable()).toContain('the network "main"');
    await bench.passUntil("it is said", () => bench.said.includes("warn 0 wrong-network"));
    bench.node(0).network = "regtest";
    await bench.followed(0);
    expect(bench.recorder.order.slice(-2)).toEqual(["template 1 tip", "ready"]);
  });

  it("that was of another network at its source's first question is followed when it no longer is", async () => {
    const bench = await FailoverBench.create();
    await bench.node(1).node.stop();
    const { standing } = bench.node(0).node;
    const right = standing.get("getblockchaininfo") as (call: FakeCall) => void;
    bench.node(0).network = "main";
    standing.set("getblockchaininfo", (call) => {
      standing.set("getblockchaininfo", right);
      call.error(-28, "Loading block index…");
    });
    await bench.started();
    expect(await bench.recorder.unavailable()).toContain('the network "main"');
    bench.node(0).network = "regtest";
    await bench.followed(0);
    expect(bench.recorder.order.slice(-2)).toEqual(["template 1 tip", "ready"]);
  });

  it("that accepts a block of the pool's own gives work on it without waiting for a poll; so does no other", async () => {
    const bench = await FailoverBench.ready();
    // Of 80 bytes 07, hashed twice.
    const hash = "23569f0d64bcf482ac6652481eb04a786dff40ad00705302127fbe51975d5d59";
    const block = new Uint8Array(90).fill(7);
    for (const { node } of bench.nodes) node.standing.set("submitblock", (call) => call.result(null));
    const looks = (): number => bench.node(1).node.calls.length;
    const before = looks();
    await bench.submit(1, block);
    await nextTurn();
    expect(bench.node(0).node.calls).not.toContain("getblockheader");
    // The block is one question, and the look at the node's chain another.
    await until("the other one is looked at", () => looks() === before + 2);
    bench.node(0).node.standing.delete("getblockheader");
    const submitted = bench.submit(0, block);
    const header = await within(bench.node(0).node.next("getblockheader"), "the early question");
    expect(header.params).toEqual([hash, true]);
    header.error(-5, "Block not found");
    await submitted;
  });
});
