/**
 * Whether a node's transactions leave room in the block for what the pool adds to them, header and coinbase. Bitcoin Core
 * keeps it free (`-blockreservedweight`), other nodes need not.
 */

import { integerOf, type JsonObject, unusable } from "./rpc-fields.ts";

/** Consensus: weight of a block, and so the most bytes that one can have. */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** Consensus: cost of signature operations of a block. */
export const MAX_BLOCK_SIGOPS_COST = 80_000;

/** Weight units that header and coinbase of any job take at most: the least that Bitcoin Core lets anyone reserve. */
export const RESERVED_WEIGHT = 2_000;
/** More than the outputs of any job's coinbase cost: each that pays to a key's hash costs 4. */
export const RESERVED_SIGOPS_COST = 100;

/** What the transactions of one answer take together. */
export class BlockRoom {
  readonly #maxWeight: number;
  readonly #maxSigops: number;
  #weight = 0;
  #sigops = 0;

  /** @param answer with the node's own limits, where it names any. */
  constructor(answer: JsonObject) {
    this.#maxWeight = limitOf(answer, "weightlimit", MAX_BLOCK_WEIGHT) - RESERVED_WEIGHT;
    this.#maxSigops = limitOf(answer, "sigoplimit", MAX_BLOCK_SIGOPS_COST) - RESERVED_SIGOPS_COST;
  }

  /** @param weightUnits of the transaction, where the node does not name them. */
  add(entry: JsonObject, weightUnits: () => number): void {
    this.#weight += weightOf(entry, weightUnits);
    this.#sigops += sigopsOf(entry);
    if (this.#weight > MAX_BLOCK_WEIGHT) throw unusable(`its transactions weigh more than ${MAX_BLOCK_WEIGHT}`);
    if (this.#sigops > MAX_BLOCK_SIGOPS_COST) {
      throw unusable(`its transactions have more than ${MAX_BLOCK_SIGOPS_COST} sigops`);
    }
  }

  /** The same transaction, which was added, stays away. */
  remove(entry: JsonObject, weightUnits: () => number): void {
    this.#weight -= weightOf(entry, weightUnits);
    this.#sigops -= sigopsOf(entry);
  }

  /** Header and coinbase fit beside what was added. */
  get suffices(): boolean {
    return this.#weight <= this.#maxWeight && this.#sigops <= this.#maxSigops;
  }
}

function limitOf(answer: JsonObject, name: string, most: number): number {
  if (answer[name] === undefined) return most;
  return Math.min(integerOf(answer, name, { min: 0, max: Number.MAX_SAFE_INTEGER }), most);
}

function weightOf(entry: JsonObject, weightUnits: () => number): number {
  return entry.weight === undefined ? weightUnits() : integerOf(entry, "weight", { min: 0, max: MAX_BLOCK_WEIGHT });
}

function sigopsOf(entry: JsonObject): number {
  return entry.sigops === undefined ? 0 : integerOf(entry, "sigops", { min: 0, max: MAX_BLOCK_SIGOPS_COST });
}
