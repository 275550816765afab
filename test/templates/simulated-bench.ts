/**
 * A simulated node held by a manual clock, and blocks for it: right ones, and ones that are wrong in one respect. What
 * is changed goes in before the merkle root and the nonce are computed, so that nothing else becomes wrong with it.
 */

import { buildCoinbase, completeCoinbase } from "../../src/bitcoin/coinbase.ts";
import { writeCompactSize } from "../../src/bitcoin/compact-size.ts";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { serializeHeader } from "../../src/bitcoin/header.ts";
import { merkleRoot } from "../../src/bitcoin/merkle.ts";
import { bitsToTarget, targetFromBytes } from "../../src/bitcoin/target.ts";
import {
  parseTransaction,
  serializeTransaction,
  type Transaction,
  txidOf,
  wtxidOf,
} from "../../src/bitcoin/transaction.ts";
import { witnessCommitmentScript } from "../../src/bitcoin/witness-commitment.ts";
import { ByteWriter } from "../../src/core/byte-writer.ts";
import { concatBytes } from "../../src/core/bytes.ts";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import { SimulatedSource, type SimulatedSourceOptions } from "../../src/templates/simulated-source.ts";
import type { Template } from "../../src/templates/template.ts";
import type { SourceState, TemplateListener } from "../../src/templates/template-source.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

/** Every fourth hash or so solves a block. */
const EASY_DIFFICULTY = 1e-9;
/** Version 0 and a key hash. */
const PAYOUT = Uint8Array.of(0x00, 0x14, ...Array(20).fill(0xad));

export class SimulatedBench implements TemplateListener {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly metrics: MetricRegistry = createMetricRegistry();
  readonly source: SimulatedSource;
  readonly announced: { readonly template: Template; readonly newTip: boolean }[] = [];
  readonly states: SourceState[] = [];

  constructor(options: Partial<SimulatedSourceOptions> = {}) {
    this.source = new SimulatedSource(
      {
        difficulty: EASY_DIFFICULTY,
        transactions: 5,
        blockIntervalSeconds: 0,
        refreshSeconds: 0,
        seed: 1,
        ...options,
      },
      { logger: this.logger, metrics: this.metrics, clock: this.clock },
    );
  }

  static async start(options: Partial<SimulatedSourceOptions> = {}): Promise<SimulatedBench> {
    const bench = new SimulatedBench(options);
    await bench.source.start(bench);
    return bench;
  }

  /** The newest. */
  get template(): Template {
    const last = this.announced.at(-1);
    if (last === undefined) throw new Error("no template was announced");
    return last.template;
  }

  get nowSeconds(): number {
    return Math.floor(this.clock.nowMs() / 1000);
  }

  onTemplate(template: Template, newTip: boolean): void {
    this.announced.push({ template, newTip });
  }

  onState(state: SourceState): void {
    this.states.push(state);
  }

  /** What the node says of a block: its reason where it refuses, its kind otherwise. */
  async submit(bytes: Uint8Array): Promise<string> {
    const result = await this.source.submitBlock(bytes);
    return result.kind === "refused" ? result.reason : result.kind;
  }

  /** Submits a block of the newest template with some parts changed. */
  submitChanged(change: (good: BlockParts) => Partial<BlockParts> = () => ({})): Promise<string> {
    const good = goodParts(this.template);
    return this.submit(blockOf({ ...good, ...change(good) }));
  }
}

export type BlockParts = {
  readonly version: number;
  readonly prevHash: Uint8Array;
  readonly time: number;
  readonly bits: number;
  /** Undefined: that of the transactions. */
  readonly merkleRoot: Uint8Array | undefined;
  /** The coinbase first. */
  readonly transactions: readonly Transaction[];
  /** A hash above the target instead of one at or below it. */
  readonly unsolved: boolean;
};

/** A block with everything that the template holds, paying all that it may. */
export function goodParts(template: Template): BlockParts {
  const extranonce = new Uint8Array(8).fill(0x22);
  const halves = buildCoinbase({
    height: template.height,
    poolTag: "/test/",
    extranonceSize: extranonce.length,
    outputs: [{ value: template.coinbaseValue, script: PAYOUT }],
    witnessCommitment: template.witnessCommitment,
  });
  const coinbase = parseTransaction(completeCoinbase({ ...halves, extranonce, witness: true }));
  return {
    version: template.version,
    prevHash: template.prevHash,
    time: template.curTime,
    bits: template.bits,
    merkleRoot: undefined,
    transactions: [coinbase, ...template.transactions.map(({ data }) => parseTransaction(data))],
    unsolved: false,
  };
}

export function coinbaseOf(parts: BlockParts): Transaction {
  const [coinbase] = parts.transactions;
  if (coinbase === undefined) throw new Error("the block has no coinbase");
  return coinbase;
}

/** The same block with another coinbase. */
export function withCoinbase(parts: BlockParts, change: (coinbase: Transaction) => Partial<Transaction>): BlockParts {
  const coinbase = coinbaseOf(parts);
  return { ...parts, transactions: [{ ...coinbase, ...change(coinbase) }, ...parts.transactions.slice(1)] };
}

/** The same block with another value in its first output. */
export function paying(parts: BlockParts, value: bigint): BlockParts {
  return withCoinbase(parts, ({ outputs }) => ({ outputs: [{ value, script: PAYOUT }, ...outputs.slice(1)] }));
}

/** The same block with other transactions behind its coinbase, and their commitment in it. */
export function withOthers(parts: BlockParts, others: readonly Transaction[]): BlockParts {
  const script = witnessCommitmentScript(others.map(wtxidOf));
  return withCoinbase({ ...parts, transactions: [coinbaseOf(parts), ...others] }, ({ outputs }) => ({
    outputs: [...outputs.slice(0, -1), { value: 0n, script }],
  }));
}

/** The block's bytes, with a nonce that solves it. */
export function blockOf(parts: BlockParts): Uint8Array {
  const { version, prevHash, time, bits, transactions, unsolved } = parts;
  const root =
    parts.merkleRoot ?? (transactions.length === 0 ? new Uint8Array(32) : merkleRoot(transactions.map(txidOf)));
  const target = bitsToTarget(bits);
  let header80: Uint8Array;
  let nonce = 0;
  do {
    header80 = serializeHeader({ version, prevHash, merkleRoot: root, time, bits, nonce });
    nonce += 1;
  } while (targetFromBytes(sha256d(header80)) <= target === unsolved);
  const count = new ByteWriter();
  writeCompactSize(count, transactions.length);
  const raw = transactions.map((transaction) => serializeTransaction(transaction, { witness: true }));
  return concatBytes(header80, count.finish(), ...raw);
}
