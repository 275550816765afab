/**
 * The chain of the simulated node: its tip, and whether a block may follow it. A submitted block is checked completely,
 * and refused with the words that Bitcoin Core would use.
 */

import { type Block, parseBlock } from "../bitcoin/block.ts";
import { heightScript } from "../bitcoin/coinbase.ts";
import { writeCompactSize } from "../bitcoin/compact-size.ts";
import { HEADER_BYTES, hashHeader } from "../bitcoin/header.ts";
import { merkleRoot } from "../bitcoin/merkle.ts";
import { subsidyAt } from "../bitcoin/subsidy.ts";
import { bitsToTarget, targetFromBytes } from "../bitcoin/target.ts";
import { type Transaction, txidOf, wtxidOf } from "../bitcoin/transaction.ts";
import { commitmentIn, witnessCommitment } from "../bitcoin/witness-commitment.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { bytesEqual, toHex } from "../core/bytes.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import type { SubmitResult } from "./block-node.ts";
import { type SimulatedTransaction, transactionWeight } from "./simulated-transactions.ts";

export type ChainBlock = {
  readonly height: number;
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
  /** Seconds. */
  readonly time: number;
  readonly foundBy: "pool" | "others";
};

/** High enough that the coinbase begins with the height's full push, as on the main network. */
export const BASE_HEIGHT = 900_000;
/** Blocks whose times make up the median time past. */
const MEDIAN_BLOCKS = 11;
/** Blocks that are remembered: the median's, and those that a late block may build on. */
export const KEPT_BLOCKS = 1_000;
/** Blocks beside the chain that are remembered: twice as many as the pool follows at once. */
const KEPT_BESIDE = 2_048;
const MAX_FUTURE_SECONDS = 7_200;
export const MAX_BLOCK_WEIGHT = 4_000_000;
const OLDEST_VERSION = 4;
/** Locktimes from here on are times in seconds, below it heights. */
const LOCKTIME_THRESHOLD = 500_000_000;
const FINAL_SEQUENCE = 0xffffffff;

/** Satoshi that a block of that height creates: as on the main network. */
export function simulatedSubsidy(height: number): bigint {
  return subsidyAt("main", height);
}

export class SimulatedChain {
  readonly #bits: number;
  /** Newest last, never empty. */
  readonly #blocks: ChainBlock[] = [];
  readonly #byHash = new Set<string>();
  /** Good blocks for which another one had taken the place, by hash; the pool submits them again after a restart. */
  readonly #beside = new Set<string>();

  /** @param base the block that the chain begins on; at `BASE_HEIGHT`, where it says nothing else. */
  constructor(bits: number, base: Pick<ChainBlock, "hash" | "time"> & Partial<ChainBlock>) {
    this.#bits = bits;
    this.add({ height: BASE_HEIGHT, foundBy: "others", ...base });
  }

  get tip(): ChainBlock {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new Error("a chain is never empty");
    return tip;
  }

  /** Oldest first; the last `KEPT_BLOCKS`. */
  get blocks(): readonly ChainBlock[] {
    return this.#blocks;
  }

  /** Seconds. The next block's time has to be above it. */
  get medianTimePast(): number {
    return this.#medianTimePastAt(this.#blocks.length - 1);
  }

  /** Seconds; of the blocks up to and with the one at `index`. */
  #medianTimePastAt(index: number): number {
    const times = this.#blocks.slice(Math.max(0, index + 1 - MEDIAN_BLOCKS), index + 1).map(({ time }) => time);
    times.sort((a, b) => a - b);
    return times[Math.floor(times.length / 2)] ?? 0;
  }

  /** Whether such a block was submitted, and the chain had gone on without it. */
  hasBeside(hash: Uint8Array): boolean {
    return this.#beside.has(toHex(hash));
  }

  add(block: ChainBlock): void {
    this.#blocks.push(block);
    this.#byHash.add(toHex(block.hash));
    if (this.#blocks.length > KEPT_BLOCKS) {
      const oldest = this.#blocks.shift();
      if (oldest !== undefined) this.#byHash.delete(toHex(oldest.hash));
    }
  }

  /**
   * Checks a block for the place after the tip. Where nothing is wrong the caller adds it; one for an older place is
   * remembered.
   * @param mempool every transaction that a template of this tip could hold, by txid in hexadecimal.
   */
  check(
    bytes: Uint8Array,
    context: { readonly nowSeconds: number; readonly mempool: ReadonlyMap<string, SimulatedTransaction> },
  ): { readonly result: SubmitResult; readonly block?: Block; readonly hash?: Uint8Array } {
    let block: Block;
    try {
      block = parseBlock(bytes);
    } catch {
      return { result: refused("block-decode-failed") };
    }
    const hash = hashHeader(block.header);
    if (this.#byHash.has(toHex(hash))) return { result: { kind: "accepted" } };
    const wrong = this.#wrongHeader(block, hash, context.nowSeconds);
    if (wrong !== undefined) return { result: refused(wrong) };
    if (!bytesEqual(block.header.prevHash, this.tip.hash)) {
      this.#beside.add(toHex(hash));
      dropOldest(this.#beside, KEPT_BESIDE);
      return { result: { kind: "inconclusive" } };
    }
    const reason = this.#wrongBody(block, context.mempool);
    return reason === undefined ? { result: { kind: "accepted" }, block, hash } : { result: refused(reason) };
  }

  #wrongHeader({ header }: Block, hash: Uint8Array, nowSeconds: number): string | undefined {
    const parent = this.#blocks.findLastIndex(({ hash: known }) => bytesEqual(known, header.prevHash));
    if (parent < 0) return "prev-blk-not-found";
    if (header.bits !== this.#bits) return "bad-diffbits";
    if (targetFromBytes(hash) > bitsToTarget(header.bits)) return "high-hash";
    if (header.time <= this.#medianTimePastAt(parent)) return "time-too-old";
    if (header.time > nowSeconds + MAX_FUTURE_SECONDS) return "time-too-new";
    // The version is a signed number in the header, and an old one since BIP34, BIP66 and BIP65.
    if ((header.version | 0) < OLDEST_VERSION) return `bad-version(0x${header.version.toString(16).padStart(8, "0")})`;
    return undefined;
  }

  #wrongBody(block: Block, mempool: ReadonlyMap<string, SimulatedTransaction>): string | undefined {
    const [coinbase, ...others] = block.transactions;
    if (coinbase === undefined || !isCoinbase(coinbase)) return "bad-cb-missing";
    if (others.some(isCoinbase)) return "bad-cb-multiple";
    if (!bytesEqual(merkleRoot(block.transactions.map(txidOf)), block.header.merkleRoot)) return "bad-txnmrklroot";
    return (
      wrongCoinbase(coinbase, { height: this.tip.height + 1, medianTimePast: this.medianTimePast }) ??
      wrongSpending(coinbase, others, { mempool, subsidy: simulatedSubsidy(this.tip.height + 1) }) ??
      wrongWitness(coinbase, others) ??
      (weightOf(block) > MAX_BLOCK_WEIGHT ? "bad-blk-weight" : undefined)
    );
  }
}

function refused(reason: string): SubmitResult {
  return { kind: "refused", reason };
}

function isCoinbase({ inputs }: Transaction): boolean {
  return inputs.length === 1 && inputs[0]?.prevIndex === 0xffffffff && inputs[0].prevTxid.every((byte) => byte === 0);
}

function wrongCoinbase(
  coinbase: Transaction,
  place: { readonly height: number; readonly medianTimePast: number },
): string | undefined {
  if (coinbase.outputs.length === 0) return "bad-txns-vout-empty";
  const [input] = coinbase.inputs;
  const script = input?.script ?? new Uint8Array(0);
  if (script.length < 2 || script.length > 100) return "bad-cb-length";
  const wanted = heightScript(place.height);
  if (!bytesEqual(script.subarray(0, wanted.length), wanted)) return "bad-cb-height";
  const { locktime } = coinbase;
  // BIP113: a time is compared with the median time past.
  const unlockedFrom = locktime < LOCKTIME_THRESHOLD ? place.height : place.medianTimePast;
  if (locktime >= unlockedFrom && input?.sequence !== FINAL_SEQUENCE) return "bad-txns-nonfinal";
  return undefined;
}

function wrongSpending(
  coinbase: Transaction,
  others: readonly Transaction[],
  context: { readonly mempool: ReadonlyMap<string, SimulatedTransaction>; readonly subsidy: bigint },
): string | undefined {
  let reward = context.subsidy;
  const spent = new Set<string>();
  for (const transaction of others) {
    const txid = toHex(txidOf(transaction));
    const known = context.mempool.get(txid);
    if (known === undefined || spent.has(txid)) return "bad-txns-inputs-missingorspent";
    spent.add(txid);
    reward += known.fee;
  }
  const paid = coinbase.outputs.reduce((sum, { value }) => sum + value, 0n);
  return paid > reward ? "bad-cb-amount" : undefined;
}

function wrongWitness(coinbase: Transaction, others: readonly Transaction[]): string | undefined {
  // The last output that looks like a commitment is the one that counts (BIP141).
  const commitment = coinbase.outputs
    .map(({ script }) => commitmentIn(script))
    .findLast((found) => found !== undefined);
  const coinbaseWitness = coinbase.inputs[0]?.witness ?? [];
  if (commitment === undefined) {
    const hasWitness = [coinbase, ...others].some(({ inputs }) => inputs.some(({ witness }) => witness.length > 0));
    return hasWitness ? "unexpected-witness" : undefined;
  }
  const [reservedValue] = coinbaseWitness;
  if (coinbaseWitness.length !== 1 || reservedValue?.length !== 32) return "bad-witness-nonce-size";
  const wanted = witnessCommitment(others.map(wtxidOf), reservedValue);
  return bytesEqual(wanted, commitment) ? undefined : "bad-witness-merkle-match";
}

/** In weight units. */
function weightOf({ transactions }: Block): number {
  const count = new ByteWriter(8);
  writeCompactSize(count, transactions.length);
  let weight = 4 * (HEADER_BYTES + count.length);
  for (const transaction of transactions) weight += transactionWeight(transaction);
  return weight;
}
