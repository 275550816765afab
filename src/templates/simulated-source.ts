/**
 * The embedded simulated node: a small chain in this process that gives real templates and accepts real blocks, for
 * trying the pool, for tests and for load. Nothing of it reaches a network.
 */

import { randomBytes } from "node:crypto";
import { sha256d } from "../bitcoin/hash.ts";
import { merklePath } from "../bitcoin/merkle.ts";
import { targetOfDifficulty, targetToBits } from "../bitcoin/target.ts";
import { txidOf } from "../bitcoin/transaction.ts";
import { witnessCommitmentScript } from "../bitcoin/witness-commitment.ts";
import { bytesEqual, toHex } from "../core/bytes.ts";
import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter, MetricRegistry } from "../core/metrics.ts";
import type { BlockNode, BlockStanding, SubmitResult } from "./block-node.ts";
import { type ChainBlock, MAX_BLOCK_WEIGHT, SimulatedChain, simulatedSubsidy } from "./simulated-chain.ts";
import { SimulatedChainFile } from "./simulated-chain-file.ts";
import { SeededRandom, type SimulatedTransaction, simulatedTransaction } from "./simulated-transactions.ts";
import type { Template } from "./template.ts";
import type { TemplateListener, TemplateSource } from "./template-source.ts";

export type SimulatedSourceOptions = {
  /** Of a block. */
  readonly difficulty: number;
  /** Transactions of a template; 0 or more. As many as there is room for where a block cannot hold them. */
  readonly transactions: number;
  /** Between blocks of others; 0: none are found. */
  readonly blockIntervalSeconds: number;
  /** Between templates of one tip; 0: never. */
  readonly refreshSeconds: number;
  /** Another chain for another seed; by default one by chance. */
  readonly seed?: number;
  /** Where the chain outlives the process; without it, it ends with it. */
  readonly chainFile?: string;
};

/** BIP9's version without a signal. */
const BLOCK_VERSION = 0x20000000;
/** One transaction in so many is replaced when a template is refreshed. Arbitrary. */
const REPLACED_ONE_IN = 20;
/**
 * Transactions that left the templates of this tip and may still be in a block; beyond it the oldest are forgotten.
 * Arbitrary above what the jobs that a channel keeps can hold: 16 refreshes of 5,000 transactions replace 4,000.
 */
const KEPT_REPLACED = 10_000;
/** Room for the header and the coinbase: what Bitcoin Core keeps free (`-blockreservedweight`). */
const MAX_TRANSACTIONS_WEIGHT = MAX_BLOCK_WEIGHT - 8_000;

export class SimulatedSource implements TemplateSource, BlockNode {
  readonly name = "simulated";
  readonly #options: SimulatedSourceOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #bits: number;
  readonly #chain: SimulatedChain;
  readonly #file: SimulatedChainFile | undefined;
  readonly #accepted: Counter;
  /** Of the newest template, in block order. */
  #transactions: SimulatedTransaction[] = [];
  /** All that a block on this tip may hold, by txid. */
  readonly #mempool = new Map<string, SimulatedTransaction>();
  #listener: TemplateListener | undefined;
  #refreshing: Timer | undefined;
  #otherBlock: Timer | undefined;
  #templates = 0;

  constructor(
    options: SimulatedSourceOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
    this.#random = new SeededRandom(options.seed ?? randomBytes(4).readUInt32LE());
    this.#bits = targetToBits(targetOfDifficulty(options.difficulty));
    const { chainFile } = options;
    this.#file = chainFile === undefined ? undefined : new SimulatedChainFile(chainFile, this.#bits, this.#logger);
    const [base, ...others] = this.#file?.read() ?? [];
    this.#chain = new SimulatedChain(
      this.#bits,
      base ?? { hash: this.#random.bytes(32), time: this.#nowSeconds() - 600 },
    );
    for (const block of others) this.#chain.add(block);
    this.#file?.write(this.#chain.blocks);
    this.#accepted = context.metrics.counter({
      name: "adit_simulated_blocks_accepted_total",
      help: "Blocks that the simulated node accepted from the pool",
    });
  }

  get height(): number {
    return this.#chain.tip.height;
  }

  /** 32 bytes, header order. */
  get tipHash(): Uint8Array {
    return this.#chain.tip.hash;
  }

  /** The last blocks of the chain, oldest first. */
  get blocks(): readonly ChainBlock[] {
    return this.#chain.blocks;
  }

  async start(listener: TemplateListener): Promise<void> {
    this.#listener = listener;
    this.#logger.warn("simulated node: its blocks reach no network and earn nothing", {
      difficulty: this.#options.difficulty,
      height: this.height,
    });
    this.#fill();
    const { refreshSeconds } = this.#options;
    if (refreshSeconds > 0) this.#refreshing = this.#clock.every(1000 * refreshSeconds, () => this.refresh());
    this.#awaitOthers();
    listener.onState({ kind: "ready" });
    this.#announce(true);
  }

  async submitBlock(bytes: Uint8Array): Promise<SubmitResult> {
    const { result, block, hash } = this.#chain.check(bytes, {
      nowSeconds: this.#nowSeconds(),
      mempool: this.#mempool,
    });
    if (block !== undefined && hash !== undefined) {
      this.#accepted.add(1);
      const { time } = block.header;
      const mined = new Set(block.transactions.map((transaction) => toHex(txidOf(transaction))));
      this.#advance({ height: this.height + 1, hash, time, foundBy: "pool" }, mined);
    }
    return result;
  }

  /** False: the simulated chain has no branches. */
  async preferBlock(): Promise<boolean> {
    return false;
  }

  async blockStanding(hash: Uint8Array): Promise<BlockStanding> {
    const { height: tipHeight } = this;
    const known = this.#chain.blocks.findLast((block) => bytesEqual(block.hash, hash));
    if (known !== undefined) return { kind: "on-chain", confirmations: tipHeight + 1 - known.height };
    return { kind: this.#chain.hasBeside(hash) ? "off-chain" : "unknown", tipHeight };
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
    this.#refreshing?.cancel();
    this.#otherBlock?.cancel();
  }

  /** A block of somebody else with all present transactions: the tip moves. */
  mineOtherBlock(): void {
    const mined = new Set(this.#mempool.keys());
    const hash = sha256d(this.#random.bytes(80));
    const time = Math.max(this.#nowSeconds(), this.#chain.medianTimePast + 1);
    this.#advance({ height: this.height + 1, hash, time, foundBy: "others" }, mined);
  }

  /** Another template on the same tip, with some transactions replaced. */
  refresh(): void {
    this.#transactions = this.#transactions.filter(() => this.#random.between(1, REPLACED_ONE_IN) !== 1);
    this.#fill();
    this.#forgetReplaced();
    this.#announce(false);
  }

  #advance(block: ChainBlock, mined: ReadonlySet<string>): void {
    this.#chain.add(block);
    this.#file?.append(this.#chain.blocks);
    this.#transactions = this.#transactions.filter(({ txid }) => !mined.has(toHex(txid)));
    this.#mempool.clear();
    for (const transaction of this.#transactions) this.#mempool.set(toHex(transaction.txid), transaction);
    this.#fill();
    this.#awaitOthers();
    this.#announce(true);
  }

  #fill(): void {
    let weight = this.#transactions.reduce((sum, transaction) => sum + transaction.weight, 0);
    while (this.#transactions.length < this.#options.transactions) {
      const transaction = simulatedTransaction(this.#random);
      weight += transaction.weight;
      if (weight > MAX_TRANSACTIONS_WEIGHT) break;
      this.#transactions.push(transaction);
      this.#mempool.set(toHex(transaction.txid), transaction);
    }
  }

  #forgetReplaced(): void {
    let tooMany = this.#mempool.size - this.#transactions.length - KEPT_REPLACED;
    if (tooMany <= 0) return;
    // What was never replaced stands among the oldest, and stays.
    const present = new Set(this.#transactions);
    for (const [txid, transaction] of this.#mempool) {
      if (tooMany <= 0) break;
      if (present.has(transaction)) continue;
      this.#mempool.delete(txid);
      tooMany -= 1;
    }
  }

  #awaitOthers(): void {
    this.#otherBlock?.cancel();
    const { blockIntervalSeconds } = this.#options;
    // A block that comes in after the stop starts no timer any more.
    if (blockIntervalSeconds <= 0 || this.#listener === undefined) return;
    this.#otherBlock = this.#clock.after(1000 * blockIntervalSeconds, () => this.mineOtherBlock());
  }

  #announce(newTip: boolean): void {
    this.#listener?.onTemplate(this.#template(), newTip);
  }

  #template(): Template {
    this.#templates += 1;
    const height = this.height + 1;
    const minTime = this.#chain.medianTimePast + 1;
    const fees = this.#transactions.reduce((sum, { fee }) => sum + fee, 0n);
    return {
      templateId: this.#templates,
      source: this.name,
      height,
      prevHash: this.tipHash,
      version: BLOCK_VERSION,
      bits: this.#bits,
      curTime: Math.max(this.#nowSeconds(), minTime),
      minTime,
      coinbaseValue: simulatedSubsidy(height) + fees,
      nextSubsidy: simulatedSubsidy(height + 1),
      witnessCommitment: witnessCommitmentScript(this.#transactions.map(({ wtxid }) => wtxid)),
      transactions: this.#transactions.map(({ data, txid }) => ({ data, txid })),
      merklePath: merklePath(this.#transactions.map(({ txid }) => txid)),
      receivedAtMs: this.#clock.nowMs(),
    };
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.nowMs() / 1000);
  }
}
