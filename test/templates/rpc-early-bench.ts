/** A source on its first tip whose templates wait for the test, so that early work can come before them. */

import type { Template } from "../../src/templates/template.ts";
import { until } from "../support/wait.ts";
import type { FakeCall } from "./rpc-fake-node.ts";
import { plainTransaction, printed } from "./rpc-gbt.ts";
import { type BenchOptions, POLL_MS, SourceBench } from "./rpc-source-bench.ts";
import { TipPublisher } from "./zmq-tip-publisher.ts";

export const READY_ON_A = ["template 1 tip", "ready"];

/** Started on TIP_A. From then on only the poll is answered by itself. */
export async function benchOnA(options: BenchOptions = {}): Promise<SourceBench & { longpoll: FakeCall }> {
  const bench = await SourceBench.create(options);
  const longpoll = await bench.start();
  bench.node.standing.delete("getblocktemplate");
  return Object.assign(bench, { longpoll });
}

/** The same, with a publisher that has its subscriber. */
export async function benchWithZmq(): Promise<{ bench: SourceBench; longpoll: FakeCall; publisher: TipPublisher }> {
  const publisher = await TipPublisher.start();
  const bench = await benchOnA({ zmqHashblock: publisher.address });
  await publisher.subscribed();
  await bench.clock.waiting(POLL_MS);
  return { bench, longpoll: bench.longpoll, publisher };
}

/** Its tip moves, as the node says it from now on. */
export function move(bench: SourceBench, tip: string, height: number): void {
  bench.chain = { name: "regtest", tip, height };
}

/** Resolves when the source has said that it does nothing with what it heard of a tip. */
export function notMade(bench: SourceBench, tip: string): Promise<void> {
  const line = (text: string): boolean => text.startsWith("debug early work is not made") && text.includes(tip);
  return until("it says that no early work is made", () => bench.logged.some(line));
}

export function shapeOf(template: Template): unknown[] {
  return [printed(template.prevHash), template.height, template.transactions.length, template.coinbaseValue];
}

/** The full template of the chain's tip: one transaction, and its fee. */
export function full(bench: SourceBench): Record<string, unknown> {
  return bench.template({ transactions: [{ ...plainTransaction(), fee: 500 }], coinbasevalue: 5_000_000_500 });
}
