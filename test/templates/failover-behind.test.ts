import { beforeEach, describe, expect, it } from "vitest";
import { REMEMBERED_MS } from "../../src/templates/shown-work.ts";
import { until } from "../support/wait.ts";
import { FailoverBench } from "./failover-bench.ts";
import { printed, TIP_A, TIP_B } from "./rpc-gbt.ts";

describe("a node that a new block has not reached, when the one that has it goes down", () => {
  async function tips(bench: FailoverBench): Promise<string[]> {
    const { templates } = bench.recorder;
    return Promise.all(templates.left.map(async () => printed((await bench.recorder.template()).template.prevHash)));
  }

  it("takes nobody back to the tip before, and gives work once it has the block", async () => {
    const bench = await FailoverBench.ready();
    await bench.pass(5_000);
    bench.node(0).move(TIP_B, 101);
    await bench.passUntil("there is work on it", () => bench.recorder.templates.left.length > 0);
    await bench.node(0).node.stop();
    await bench.pass(30_000);
    expect(await tips(bench)).toEqual([TIP_B]);
    expect(bench.recorder.states.left.at(-1)).toMatchObject({ kind: "unavailable", code: "nodes-behind" });
    bench.node(1).move(TIP_B, 101);
    await bench.followed(1);
    expect(await tips(bench)).toEqual([TIP_B]);
  });
});

describe("a new tip of the followed node", () => {
  it("has that node's chain looked at with no time passing: it may be the last that it says", async () => {
    const bench = await FailoverBench.ready();
    await bench.pass(1_000);
    const { node } = bench.node(0);
    const looks = (): number => node.calls.filter((name) => name === "getblockchaininfo").length;
    const before = looks();
    bench.node(0).move(TIP_B, 101);
    (await node.next("longpoll")).result(bench.node(0).template());
    await bench.recorder.template();
    await until("its chain is looked at", () => looks() > before);
  });
});

describe("a node that is behind, when the better one goes down", () => {
  let bench: FailoverBench;

  beforeEach(async () => {
    bench = await FailoverBench.create();
    bench.node(0).move(TIP_B, 110);
    await bench.started();
    await bench.passUntil("it is known to be behind", () => bench.states[1] === "behind");
    await bench.node(0).node.stop();
    await bench.passUntil("why there is no work is known", () => heldBack() !== undefined);
  });

  /** The reason why there is no work, where that is that all are behind. */
  function heldBack(): string | undefined {
    const last = bench.recorder.states.left.at(-1);
    return last?.kind === "unavailable" && last.code === "nodes-behind" ? last.reason : undefined;
  }

  async function lastTip(): Promise<string> {
    while (bench.recorder.templates.left.length > 1) await bench.recorder.template();
    return printed((await bench.recorder.template()).template.prevHash);
  }

  it("gives no work, which is said once, with all nodes and what to do", async () => {
    const [a, b] = bench.nodes.map(({ name }) => name);
    expect(heldBack()).toContain(
      `${a} showed before, up to block 110: ${a} (unreachable), ${b} (behind). To do: bring back`,
    );
    const before = [...bench.recorder.order];
    await bench.pass(20_000);
    bench.node(1).move(TIP_A, 109);
    await bench.pass(5_000);
    expect(bench.recorder.order).toEqual(before);
    expect(before.filter((event) => event.startsWith("template"))).toEqual(["template 1 tip"]);
    expect(bench.node(1).templatesAsked).toBe(0);
    expect(bench.states).toEqual(["unreachable", "behind"]);
    expect(bench.said.sort()).toEqual(["warn 0 unreachable", "warn 1 behind"]);
  });

  it("leaves the work to the better one when that is back, which is within seconds", async () => {
    await bench.pass(120_000);
    const { node } = bench.node(0);
    await node.listen(node.port);
    expect(await bench.followed(0)).toBeLessThanOrEqual(1_500);
    expect(bench.recorder.order.slice(-2)).toEqual(["template 2", "ready"]);
    expect(bench.node(1).templatesAsked).toBe(0);
    expect(bench.states).toEqual(["templates", "behind"]);
  });

  it("leaves no work to the better one either, where that is back with less than it had, until it has caught up", async () => {
    bench.node(0).move(TIP_A, 105);
    const { node } = bench.node(0);
    const asked = bench.node(0).templatesAsked;
    await node.listen(node.port);
    await bench.passUntil("it is back", () => bench.states[0] === "behind");
    await bench.pass(20_000);
    expect(heldBack()).toContain(`${bench.node(0).name} (behind), ${bench.node(1).name} (behind)`);
    expect(bench.node(0).templatesAsked).toBe(asked);
    bench.node(0).move(TIP_B, 110);
    expect(await bench.followed(0)).toBeLessThanOrEqual(1_500);
    expect(bench.recorder.order.at(-2)).toBe("template 2");
  });

  it("gives the work once it has caught up", async () => {
    await bench.pass(20_000);
    bench.node(1).move(TIP_B, 110);
    expect(await bench.followed(1)).toBeLessThanOrEqual(1_500);
    expect(await lastTip()).toBe(TIP_B);
    expect(bench.states).toEqual(["unreachable", "templates"]);
  });

  it("gives the work it has after an hour, which is said", async () => {
    bench.clock.advance(REMEMBERED_MS - 10_000);
    await bench.pass(5_000);
    expect(heldBack()).toBeDefined();
    await bench.followed(1);
    expect(await lastTip()).toBe(TIP_A);
    expect(bench.states).toEqual(["unreachable", "templates"]);
    const forgotten = bench.logger.of("nodes with less work than this one showed can be used again");
    expect(forgotten).toEqual([{ node: bench.node(0).name, height: 110, tip: TIP_B }]);
  });

  it("gives the work at once in a pool that is started anew", async () => {
    bench = await bench.restarted();
    expect(await lastTip()).toBe(TIP_A);
    expect(bench.recorder.order).toEqual(["template 1 tip", "ready"]);
    expect(bench.states).toEqual(["unreachable", "templates"]);
  });

  it("is not asked for anything more once the pool has stopped", async () => {
    await bench.source.stop();
    expect(bench.clock.pending).toBe(0);
    const { order } = bench.recorder;
    const before = [...order];
    await bench.pass(5_000);
    expect(order).toEqual(before);
  });
});
