/** A ledger in memory: as durable as the process. It forgets everything at a restart. */

import { toHex } from "../core/bytes.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import type { BlockRecord, LedgerTotals, ShareBatchCommit, ShareLedger } from "./ledger.ts";

export type MemoryLedgerOptions = {
  /** Batch ids that are remembered, so that a repeated commit counts nothing. A repeat follows within seconds. */
  readonly maxBatchIds?: number;
  /** Identities with totals of their own; further ones count only in the overall totals. */
  readonly maxIdentities?: number;
  /** Found blocks; beyond it the oldest is forgotten. */
  readonly maxBlocks?: number;
};

/** Four minutes at four flushes a second; a repeat follows within one. */
const MAX_BATCH_IDS = 1_024;
/** As many as there can be channels. */
const MAX_IDENTITIES = 100_000;
/** Some 200 bytes each. Arbitrary. */
const MAX_BLOCKS = 10_000;

type MutableTotals = { acceptedShares: number; difficulty: number; rejects: Map<string, number> };

function zero(): MutableTotals {
  return { acceptedShares: 0, difficulty: 0, rejects: new Map() };
}

function plain(totals: MutableTotals): LedgerTotals {
  const { acceptedShares, difficulty, rejects } = totals;
  return { acceptedShares, difficulty, rejects: Object.fromEntries(rejects) };
}

/** Values cross the interface: nobody outside holds what the ledger keeps, nor does it keep a larger buffer alive. */
function copyOf(block: BlockRecord): BlockRecord {
  return { ...block, hash: new Uint8Array(block.hash) };
}

export class MemoryLedger implements ShareLedger {
  readonly #options: Required<MemoryLedgerOptions>;
  readonly #batchIds = new Set<string>();
  readonly #all = zero();
  readonly #byIdentity = new Map<string, MutableTotals>();
  readonly #blocks = new Map<string, BlockRecord>();

  constructor(options: MemoryLedgerOptions = {}) {
    this.#options = { maxBatchIds: MAX_BATCH_IDS, maxIdentities: MAX_IDENTITIES, maxBlocks: MAX_BLOCKS, ...options };
  }

  async commit(batch: ShareBatchCommit): Promise<void> {
    if (this.#batchIds.has(batch.batchId)) return;
    this.#batchIds.add(batch.batchId);
    dropOldest(this.#batchIds, this.#options.maxBatchIds);
    for (const credit of batch.credits) {
      for (const totals of [this.#all, this.#identity(credit.userIdentity)]) {
        if (totals === undefined) continue;
        totals.acceptedShares += credit.acceptedShares;
        totals.difficulty += credit.difficulty;
        for (const [code, count] of Object.entries(credit.rejects)) {
          totals.rejects.set(code, (totals.rejects.get(code) ?? 0) + count);
        }
      }
    }
  }

  async recordBlock(block: BlockRecord): Promise<void> {
    this.#blocks.set(toHex(block.hash), copyOf(block));
    dropOldest(this.#blocks, this.#options.maxBlocks);
  }

  async totals(): Promise<LedgerTotals> {
    return plain(this.#all);
  }

  async totalsOf(userIdentity: string): Promise<LedgerTotals> {
    return plain(this.#byIdentity.get(userIdentity) ?? zero());
  }

  async blocks(): Promise<readonly BlockRecord[]> {
    return [...this.#blocks.values()].map(copyOf);
  }

  async close(): Promise<void> {}

  #identity(userIdentity: string): MutableTotals | undefined {
    let totals = this.#byIdentity.get(userIdentity);
    if (totals === undefined && this.#byIdentity.size < this.#options.maxIdentities) {
      totals = zero();
      this.#byIdentity.set(userIdentity, totals);
    }
    return totals;
  }
}
