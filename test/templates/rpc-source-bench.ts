/** A source with a scripted node, a clock held by the test, and records of what the source tells and logs. */

import { onTestFinished } from "vitest";
import type { LogContext, Logger } from "../../src/core/logger.ts";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import { RpcBlockNode } from "../../src/templates/rpc-block-node.ts";
import { RpcSource, type RpcSourceOptions } from "../../src/templates/rpc-source.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { FakeNode } from "./rpc-fake-node.ts";
import { gbt, TIP_A } from "./rpc-gbt.ts";
import { Recorder } from "./rpc-waiting.ts";

/** Unlike every other wait of the source, so that `clock.waiting(POLL_MS)` means the poll. */
export const POLL_MS = 1_100;
export const REFRESH_MS = 30_000;

/** Options, or what gives them for the URL of the scripted node. */
export type BenchOptions = Partial<RpcSourceOptions> | ((url: string) => Partial<RpcSourceOptions>);

export class SourceBench {
  readonly node: FakeNode;
  readonly clock = new ManualClock();
  readonly recorder = new Recorder();
  readonly metrics: MetricRegistry = createMetricRegistry();
  readonly logged: string[] = [];
  readonly source: RpcSource;
  /** The same node, as the place where blocks go. */
  readonly blocks: RpcBlockNode;
  /** What the node's standing answers say. */
  chain = { name: "regtest", tip: TIP_A, height: 100 };

  private constructor(node: FakeNode, options: Partial<RpcSourceOptions>) {
    this.node = node;
    const logger = this.#logger({});
    const { clock, metrics } = this;
    const fixed = { rpcUrl: node.url, network: "regtest", rpcUser: "user", rpcPassword: "password" } as const;
    this.source = new RpcSource(
      { ...fixed, pollIntervalMs: POLL_MS, random: () => 0, ...options },
      { logger, metrics, clock },
    );
    const onAccepted = (hash: string): void => this.source.hint(hash);
    this.blocks = new RpcBlockNode({ ...fixed, onAccepted, ...options }, { logger, metrics, clock });
    this.answerAll();
  }

  /** With the options over those of a node on regtest, until the test ends. Longpolls wait for the test. */
  static async create(options: BenchOptions = {}): Promise<SourceBench> {
    const node = await FakeNode.start();
    const bench = new SourceBench(node, typeof options === "function" ? options(node.url) : options);
    onTestFinished(async () => {
      await Promise.all([bench.source.stop(), bench.blocks.stop()]);
      await node.stop();
    });
    return bench;
  }

  #logger(fields: LogContext): Logger {
    const line =
      (level: string) =>
      (message: string, context?: LogContext): void => {
        this.logged.push(`${level} ${message} ${JSON.stringify({ ...fields, ...context }, errorsToo)}`);
      };
    const [debug, info, warn, error] = [line("debug"), line("info"), line("warn"), line("error")];
    return { debug, info, warn, error, child: (context) => this.#logger({ ...fields, ...context }) };
  }

  /** Standing answers that fit `chain`. */
  answerAll(): void {
    this.node.standing.set("getblockchaininfo", (call) => {
      const { name, tip, height } = this.chain;
      call.result({ chain: name, blocks: height, bestblockhash: tip });
    });
    this.node.standing.set("getbestblockhash", (call) => call.result(this.chain.tip));
    this.node.standing.set("getblockhash", (call) => {
      if (call.params[0] === this.chain.height) call.result(this.chain.tip);
      else call.error(-8, "Block height out of range");
    });
    this.node.standing.set("getblocktemplate", (call) => call.result(this.template()));
  }

  /** A template on the chain's tip. */
  template(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return gbt({ previousblockhash: this.chain.tip, height: this.chain.height + 1, ...changes });
  }

  /** Where `tip` stands (`getblockheader`), as Bitcoin Core says it of the chain's tip. */
  place(tip: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { height } = this.chain;
    const time = 1_700_000_050;
    return { hash: tip, confirmations: 1, height, time, mediantime: time - 40, bits: "207fffff", ...changes };
  }

  /** Starts the source, and returns the longpoll that it sent when it was ready. */
  async start(): ReturnType<FakeNode["next"]> {
    await this.source.start(this.recorder);
    await this.recorder.template();
    await this.recorder.ready();
    return this.node.next("longpoll");
  }

  /** Lets the poll's time come. */
  async poll(afterMs: number = POLL_MS): Promise<void> {
    await this.clock.waiting(POLL_MS);
    this.clock.advance(afterMs);
  }

  /** Lets the poll's time come, and returns its question, which waits for the test's answer. */
  async heldPoll(afterMs: number = POLL_MS): ReturnType<FakeNode["next"]> {
    this.node.standing.delete("getbestblockhash");
    await this.poll(afterMs);
    return this.node.next("getbestblockhash");
  }

  /** Lets the time of the next try come, after the first fault of a period. */
  async retry(): Promise<void> {
    await this.clock.waiting(125);
    this.clock.advance(125);
  }
}

function errorsToo(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.stack}` : value;
}
