import { expect, it } from "vitest";
import { nextTurn, until } from "../support/wait.ts";
import { ACCEPTED, blockFound } from "./block-bench.ts";
import { ServiceBench } from "./service-bench.ts";

const LEFT = { ...blockFound(), foundAtMs: 1_600_000_000_000 };

it("what an earlier process left in the spool is with every node before templates are asked for", async () => {
  const bench = new ServiceBench();
  bench.spool.left = [LEFT];
  const before: number[] = [];
  const start = bench.node.start.bind(bench.node);
  bench.node.start = (listener) => {
    before.push(bench.node.submissions.length, bench.otherNode.submissions.length);
    return start(listener);
  };
  await bench.service.start();
  expect(before).toEqual([1, 1]);
  expect(bench.node.submissions[0]?.block).toBe(LEFT.block);
});

it("a spool that hangs holds up no miner, and templates for two seconds at most", async () => {
  const bench = new ServiceBench();
  bench.spool.hangs = true;
  let isAsked = false;
  bench.node.start = async () => {
    isAsked = true;
  };
  const started = bench.service.start();
  await bench.clock.waiting(2_000);
  bench.clock.advance(1_999);
  await nextTurn();
  expect(isAsked).toBe(false);
  bench.clock.advance(1);
  const { port } = await started;
  expect(isAsked).toBe(true);
  expect(port).toBeGreaterThan(0);
});

it("a new tip has every node asked where the pool's blocks stand, another template of the same tip does not", async () => {
  const bench = new ServiceBench();
  bench.spool.left = [LEFT];
  await bench.service.start();
  bench.node.say({ kind: "ready" });
  bench.node.answer(ACCEPTED);
  bench.otherNode.answer(ACCEPTED);
  await until("they were asked for the answers", () => bench.otherNode.asked.length > 0);
  await nextTurn();
  const asked = bench.otherNode.asked.length;
  bench.give({}, false);
  await nextTurn();
  bench.clock.advance(1_000);
  await nextTurn();
  expect(bench.otherNode.asked).toHaveLength(asked);
  bench.give({ prevHash: new Uint8Array(32).fill(2) });
  await nextTurn();
  bench.clock.advance(1_000);
  await nextTurn();
  expect(bench.otherNode.asked).toHaveLength(asked + 1);
});
