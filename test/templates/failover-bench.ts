/** A source over several scripted nodes on regtest, with a clock held by the test and records of what it tells and logs. */

import { onTestFinished } from "vitest";
import type { Network } from "../../src/bitcoin/network.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { FailoverSource } from "../../src/templates/failover-source.ts";
import type { NodeStatus } from "../../src/templates/node-view.ts";
import { rpcNodes } from "../../src/templates/rpc-nodes.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { within } from "../support/wait.ts";
import { type FakeCall, FakeNode } from "./rpc-fake-node.ts";
import { gbt, TIP_A } from "./rpc-gbt.ts";
import { Recorder } from "./rpc-waiting.ts";

const STEP_MS = 250;
/** More than any wait of the source needs. */
const MAX_STEPS = 600;

/** A scripted node with a chain: answers fit it, longpolls wait for ever. */
export class ChainNode {
  readonly node: FakeNode;
  network = "regtest";
  tip: string = TIP_A;
  height = 100;
  /** Tells its chain from others. */
  branch = "ab";

  private constructor(node: FakeNode) {
    this.node = node;
    this.answer();
  }

  static async start(): Promise<ChainNode> {
    return new ChainNode(await FakeNode.start());
  }

  get name(): string {
    return `rpc:${this.node.url}`;
  }

  move(tip: string, height: number): void {
    this.tip = tip;
    this.height = height;
  }

  answer(): void {
    const { standing } = this.node;
    standing.set("getblockchaininfo", (call) => {
      const chainwork = (2 * this.height + 2).toString(16).padStart(64, "0");
      call.result({ chain: this.network, blocks: this.height, bestblockhash: this.tip, chainwork });
    });
    standing.set("getbestblockhash", (call) => call.result(this.tip));
    standing.set("getblockhash", (call) => call.result(this.branch.repeat(32)));
    standing.set("getblockheader", (call) => call.error(-5, "Block not found"));
    standing.set("getblocktemplate", (call) => call.result(this.template()));
  }

  /** Every question gets this answer, or none. */
  answerAll(answer: ((call: FakeCall) => void) | "nothing"): void {
    for (const method of [...this.node.standing.keys(), "longpoll"]) {
      this.node.standing.set(method, answer === "nothing" ? () => undefined : answer);
    }
  }

  template(): Record<string, unknown> {
    return gbt({ previousblockhash: this.tip, height: this.height + 1 });
  }

  /** How often it was asked for a template. */
  get templatesAsked(): number {
    return this.node.calls.filter((name) => name === "getblocktemplate" || name === "longpoll").length;
  }
}

export class FailoverBench {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly recorder = new Recorder();
  readonly nodes: readonly ChainNode[];
  readonly source: FailoverSource;
  readonly submit: (index: number, block: Uint8Array) => Promise<unknown>;

  private constructor(nodes: readonly ChainNode[], network: Network) {
    this.nodes = nodes;
    const options = nodes.map(({ node }) => {
      return { rpcUrl: node.url, network, rpcUser: "user", rpcPassword: "password", random: () => 0 };
    });
    const [first, ...others] = options;
    const parts = { logger: this.logger, metrics: createMetricRegistry(), clock: this.clock };
    const { templates, blocks } = rpcNodes(some(first), others, parts);
    if (!(templates instanceof FailoverSource)) throw new Error("several nodes have one source over all");
    this.source = templates;
    this.submit = (index, block) => some(blocks[index]).submitBlock(block);
    onTestFinished(async () => {
      await Promise.all([templates.stop(), ...blocks.map((node) => node.stop())]);
      await Promise.all(nodes.map(({ node }) => node.stop()));
    });
  }

  static async create(count = 2, network: Network = "regtest"): Promise<FailoverBench> {
    const nodes = await Promise.all(Array.from({ length: count }, () => ChainNode.start()));
    return new FailoverBench(nodes, network);
  }

  /** Started, with the first node's template. */
  static async ready(count = 2): Promise<FailoverBench> {
    const bench = await FailoverBench.create(count);
    await bench.source.start(bench.recorder);
    await bench.recorder.template();
    await bench.recorder.ready();
    return bench;
  }

  /** A pool that is started anew on the same nodes, with the first template that it has. */
  async restarted(): Promise<FailoverBench> {
    await this.source.stop();
    const bench = new FailoverBench(this.nodes, "regtest");
    await bench.started();
    return bench;
  }

  node(index: number): ChainNode {
    return some(this.nodes[index]);
  }

  /** Lets time pass until `condition` holds, and returns how much that was. */
  async passUntil(what: string, condition: () => boolean): Promise<number> {
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      if (condition()) return steps * STEP_MS;
      await this.#step();
    }
    throw new Error(`waited in vain: ${what}`);
  }

  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) await this.#step();
  }

  /** Time, and then as many turns as the answers of nodes in this process need. */
  async #step(): Promise<void> {
    this.clock.advance(STEP_MS);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** Lets time pass until the templates come from that node, and returns how much that was. */
  followed(index: number): Promise<number> {
    const { name } = this.node(index);
    const isReady = (): boolean => !["unavailable", undefined].includes(this.recorder.order.at(-1));
    return this.passUntil(`templates from node ${index}`, () => this.source.name === name && isReady());
  }

  started(): Promise<void> {
    return within(this.source.start(this.recorder), "the start");
  }

  get states(): NodeStatus["state"][] {
    return this.source.nodes.map(({ state }) => state);
  }

  /** What was said of nodes, with their place in the order instead of their names. */
  get said(): string[] {
    const place = (name: unknown): number => this.nodes.findIndex((node) => node.name === name);
    return this.logger.lines.flatMap(({ level, message, context }) => {
      if (level === "debug" || message === "templates come from this node") return [];
      if (message === "templates from another node") return [`${level} ${place(context.from)} > ${place(context.to)}`];
      return [`${level} ${place(context.node)} ${String(context.state ?? "usable")}`];
    });
  }
}

function some<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is no such node");
  return value;
}
