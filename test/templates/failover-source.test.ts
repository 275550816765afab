import { describe, expect, it } from "vitest";
import { nextTurn, within } from "../support/wait.ts";
import { FailoverBench } from "./failover-bench.ts";
import { printed, TIP_A, TIP_B } from "./rpc-gbt.ts";

describe("several nodes", () => {
  it("give the templates of the first, and the others are only asked for their chain", async () => {
    const bench = await FailoverBench.ready(3);
    await bench.pass(3_000);
    expect(bench.source.name).toBe(bench.node(0).name);
    expect(bench.states).toEqual(["templates", "standby", "standby"]);
    for (const index of [1, 2]) {
      const { calls } = bench.node(index).node;
      expect(new Set(calls)).toEqual(new Set(["getblockchaininfo"]));
      expect(calls.length, "once a second").toBeLessThan(6);
    }
    expect(bench.said).toEqual([]);
    expect(bench.recorder.order).toEqual(["template 1 tip", "ready"]);
  });

  it("show height and tip of each", async () => {
    const bench = await FailoverBench.ready();
    expect(bench.source.nodes).toEqual([
      { name: bench.node(0).name, state: "templates", height: 100, tip: TIP_A },
      { name: bench.node(1).name, state: "standby", height: 100, tip: TIP_A },
    ]);
  });

  it("are named once by that which the first one comes from", async () => {
    const bench = await FailoverBench.ready();
    await bench.node(0).node.stop();
    await bench.followed(1);
    await bench.recorder.template();
    expect(bench.logger.of("templates come from this node")).toEqual([{ node: bench.node(0).name }]);
  });

  it("give templates at once by another one when the followed one is down; that it is the same tip is known", async () => {
    const bench = await FailoverBench.ready();
    await bench.node(0).node.stop();
    expect(await bench.followed(1)).toBeLessThanOrEqual(1_000);
    const { template, newTip } = await bench.recorder.template();
    expect([template.templateId, template.source, newTip]).toEqual([2, bench.node(1).name, false]);
    expect(bench.recorder.order.slice(-2)).toEqual(["template 2", "ready"]);
    expect(bench.said).toContain("warn 0 > 1");
    const [moved] = bench.logger.of("templates from another node");
    expect(moved).toMatchObject({ reason: expect.stringContaining("cannot be reached (ECONNREFUSED)") });
    await bench.passUntil("it is said", () => bench.said.length === 2);
    await bench.pass(3_000);
    expect(bench.said.sort()).toEqual(["warn 0 > 1", "warn 0 unreachable"]);
    expect(bench.states).toEqual(["unreachable", "templates"]);
  });

  it.each(["getblocktemplate", "getbestblockhash"])(
    "give templates at once by another one when the followed one answers %s with errors",
    async (method) => {
      const bench = await FailoverBench.ready();
      bench.node(0).node.standing.set(method, (call) => call.error(-9, "not connected"));
      bench.node(0).move(TIP_B, 101);
      bench.node(1).move(TIP_B, 101);
      expect(await bench.followed(1)).toBeLessThanOrEqual(2_500);
      const { template, newTip } = await bench.recorder.template();
      expect([template.source, printed(template.prevHash), newTip]).toEqual([bench.node(1).name, TIP_B, true]);
    },
  );

  it("give templates by another one within 10 s when the followed one hangs, and no template was lost to it", async () => {
    const bench = await FailoverBench.ready();
    bench.node(0).answerAll("nothing");
    bench.node(1).move(TIP_B, 101);
    expect(await bench.followed(1)).toBeLessThan(10_000);
    const { template, newTip } = await bench.recorder.template();
    expect([template.source, printed(template.prevHash), newTip]).toEqual([bench.node(1).name, TIP_B, true]);
  });

  it("are followed again in their order after a minute", async () => {
    const bench = await FailoverBench.ready();
    const { node } = bench.node(0);
    await node.stop();
    await bench.followed(1);
    await bench.pass(2_000);
    await node.listen(node.port);
    const before = bench.recorder.order.length;
    const backAfterMs = await bench.followed(0);
    expect(backAfterMs).toBeGreaterThanOrEqual(60_000);
    expect(backAfterMs).toBeLessThan(63_000);
    await bench.passUntil("its template came", () => bench.recorder.order.length > before);
    expect(bench.recorder.order.slice(before).filter((event) => !event.startsWith("template "))).toEqual([]);
    expect(bench.said).toEqual(
      expect.arrayContaining(["warn 0 unreachable", "warn 0 > 1", "info 0 usable", "info 1 > 0"]),
    );
    expect(bench.said).toHaveLength(4);
  });

  it("are not used while they are behind, and that is said once each way", async () => {
    const bench = await FailoverBench.ready(3);
    bench.node(1).move(TIP_B, 101);
    const afterMs = await bench.followed(1);
    expect(afterMs).toBeGreaterThanOrEqual(2_500);
    expect(afterMs).toBeLessThan(5_000);
    const { template, newTip } = await bench.recorder.template();
    expect([printed(template.prevHash), template.height, newTip]).toEqual([TIP_B, 102, true]);
    expect(bench.recorder.order).toContain("unavailable");
    expect(bench.said).toEqual(["warn 0 behind", "warn 2 behind", "warn 0 > 1"]);
    bench.node(0).move(TIP_B, 101);
    await bench.passUntil("the first one is usable again", () => bench.said.length > 3);
    expect(bench.said.slice(3)).toEqual(["info 0 usable"]);
    expect(bench.states).toEqual(["standby", "templates", "behind"]);
  });

  it("are known to be on another chain by their blocks some way below the tips, asked for once", async () => {
    const bench = await FailoverBench.ready(3);
    const other = bench.node(2);
    other.branch = "cd";
    other.move(TIP_B, 98);
    await bench.passUntil("it is said", () => bench.said.length > 0);
    expect(bench.said).toEqual(["warn 2 other-chain"]);
    await bench.pass(3_000);
    expect(bench.said).toHaveLength(1);
    const heights = other.node.calls.filter((name) => name === "getblockhash");
    expect(heights).toHaveLength(1);
    other.move(TIP_A, 100);
    await bench.passUntil("it is usable", () => bench.said.length > 1);
    expect(bench.said.slice(1)).toEqual(["info 2 usable"]);
    other.move(TIP_B, 98);
    await bench.passUntil("it is said again", () => bench.said.length > 2);
    expect(bench.said.slice(2)).toEqual(["warn 2 other-chain"]);
  });

  it("are compared again where one did not answer", async () => {
    const bench = await FailoverBench.ready();
    const other = bench.node(1);
    other.node.standing.set("getblockhash", (call) => call.http(503));
    other.branch = "cd";
    other.move(TIP_B, 98);
    await bench.passUntil("it is said", () => bench.said.length > 0);
    expect(bench.said).toEqual(["warn 1 behind"]);
    other.node.standing.set("getblockhash", (call) => call.result("cd".repeat(32)));
    await bench.passUntil("it is said anew", () => bench.said.length > 1);
    expect(bench.said.slice(1)).toEqual(["warn 1 other-chain"]);
  });

  it("give no work while none is usable, and again by themselves when one is", async () => {
    const bench = await FailoverBench.ready();
    await Promise.all(bench.nodes.map(({ node }) => node.stop()));
    await bench.passUntil("there is no work", () => bench.recorder.order.at(-1) === "unavailable");
    await bench.pass(20_000);
    expect(bench.recorder.order.at(-1)).toBe("unavailable");
    const { node } = bench.node(1);
    await node.listen(node.port);
    await bench.followed(1);
    expect(bench.states).toEqual(["unreachable", "templates"]);
  });

  it("say why the one that gave work last cannot be used, where none answers any more", async () => {
    const bench = await FailoverBench.ready();
    await bench.node(0).node.stop();
    await bench.followed(1);
    await bench.node(1).node.stop();
    await bench.passUntil("there is no work", () => bench.recorder.order.at(-1) === "unavailable");
    await bench.pass(5_000);
    expect(bench.source.name).toBe(bench.node(1).name);
    expect(bench.recorder.states.left.at(-1)).toMatchObject({
      code: "rpc-unreachable",
      reason: expect.stringContaining(bench.node(1).node.url),
    });
  });

  it("deliver nothing of a node that was left, whatever that still answers", async () => {
    const bench = await FailoverBench.ready();
    const [left] = bench.nodes;
    if (left === undefined) throw new Error("there is a first node");
    left.node.standing.delete("getblocktemplate");
    left.move(TIP_B, 101);
    bench.node(1).move(TIP_B, 101);
    await bench.passUntil("it has no template yet", () => bench.recorder.order.at(-1) === "unavailable");
    const held = await left.node.next("getblocktemplate");
    await bench.followed(1);
    const before = [...bench.recorder.order];
    await held.gone();
    held.result(left.template());
    await bench.pass(2_000);
    expect(bench.recorder.order).toEqual(before);
    expect(bench.said).toEqual(["warn 0 > 1"]);
  });

  it("end all requests and timers at the stop, also within the start", async () => {
    const bench = await FailoverBench.ready(3);
    await bench.node(0).node.stop();
    await bench.followed(1);
    await within(bench.source.stop(), "the source's end");
    expect(bench.clock.pending).toBe(0);
    const starting = await FailoverBench.create();
    for (const node of starting.nodes) node.answerAll("nothing");
    const started = starting.source.start(starting.recorder);
    await nextTurn();
    await within(starting.source.stop(), "the source's end");
    await within(started, "the start that was stopped");
    expect([starting.clock.pending, starting.recorder.order]).toEqual([0, []]);
  });
});
