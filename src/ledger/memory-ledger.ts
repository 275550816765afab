/** A ledger in memory: as durable as the process. It forgets everything at a restart. */

import { toHex } from "../core/bytes.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import { CreditSum } from "./credit-sum.ts";
import {
  type BlockRecord,
  type LedgerReport,
  type LedgerTotals,
  MAX_REPORTED_BLOCKS,
  MAX_REPORTED_WORKERS,
  type Period,
  type RememberedDifficulty,
  type ShareBatchCommit,
  type ShareLedger,
} from "./ledger.ts";
import { beginOf, MINUTE_MS, widened } from "./minutes.ts";

export type MemoryLedgerOptions = {
  /** Batch ids that are remembered, so that a repeated commit counts nothing. A repeat follows within seconds. */
  readonly maxBatchIds?: number;
  /** Identities with totals of their own; further ones count only in the overall totals. */
  readonly maxIdentities?: number;
  /** Found blocks; beyond it the oldest is forgotten. */
  readonly maxBlocks?: number;
  /** Minutes in which anything happened; beyond it the oldest is forgotten, and reports are without it. */
  readonly maxMinutes?: number;
};

/** Four minutes at four flushes a second; a repeat follows within one. */
const MAX_BATCH_IDS = 1_024;
/** As many as there can be channels; so many difficulties are remembered too. */
const MAX_IDENTITIES = 100_000;
/** A day. */
const MAX_MINUTES = 1_440;

type Minute = { readonly all: CreditSum; readonly byIdentity: Map<string, CreditSum> };

type Identity = { readonly totals: CreditSum; lastSeenMs: number };

/** Values cross the interface: nobody outside holds what the ledger keeps, nor does it keep a larger buffer alive. */
function copyOf(block: BlockRecord): BlockRecord {
  return { ...block, hash: new Uint8Array(block.hash) };
}

export class MemoryLedger implements ShareLedger {
  readonly #options: Required<MemoryLedgerOptions>;
  readonly #batchIds = new Set<string>();
  readonly #all = new CreditSum();
  readonly #identities = new Map<string, Identity>();
  /** By their begin. */
  readonly #minutes = new Map<number, Minute>();
  readonly #blocks = new Map<string, BlockRecord>();
  readonly #difficulties = new Map<string, RememberedDifficulty>();

  constructor(options: MemoryLedgerOptions = {}) {
    this.#options = {
      maxBatchIds: MAX_BATCH_IDS,
      maxIdentities: MAX_IDENTITIES,
      maxBlocks: MAX_REPORTED_BLOCKS,
      maxMinutes: MAX_MINUTES,
      ...options,
    };
  }

  async commit({ batchId, atMs, credits }: ShareBatchCommit): Promise<void> {
    if (this.#batchIds.has(batchId)) return;
    this.#batchIds.add(batchId);
    dropOldest(this.#batchIds, this.#options.maxBatchIds);
    const minute = this.#minute(beginOf(atMs, MINUTE_MS));
    for (const credit of credits) {
      const { userIdentity } = credit;
      for (const sum of [this.#all, minute.all]) sum.add(credit);
      const identity = this.#identity(userIdentity);
      if (identity === undefined) continue;
      identity.totals.add(credit);
      identity.lastSeenMs = Math.max(identity.lastSeenMs, atMs);
      totalsIn(minute.byIdentity, userIdentity).add(credit);
    }
  }

  async recordBlock(block: BlockRecord): Promise<void> {
    this.#blocks.set(toHex(block.hash), copyOf(block));
    dropOldest(this.#blocks, this.#options.maxBlocks);
  }

  async rememberDifficulties(entries: readonly RememberedDifficulty[]): Promise<void> {
    for (const entry of entries) {
      const key = `${entry.kind} ${entry.userIdentity}`;
      this.#difficulties.delete(key);
      this.#difficulties.set(key, { ...entry });
    }
    dropOldest(this.#difficulties, this.#options.maxIdentities);
  }

  async difficulties(): Promise<readonly RememberedDifficulty[]> {
    return [...this.#difficulties.values()].map((entry) => ({ ...entry }));
  }

  async totals(): Promise<LedgerTotals> {
    return this.#all.plain();
  }

  async totalsOf(userIdentity: string): Promise<LedgerTotals> {
    return (this.#identities.get(userIdentity)?.totals ?? new CreditSum()).plain();
  }

  async report(asked: Period): Promise<LedgerReport> {
    const period = widened(asked, MINUTE_MS);
    const all = new CreditSum();
    const workers = new Map<string, CreditSum>();
    for (const [beginMs, minute] of this.#minutes) {
      if (beginMs < period.fromMs || beginMs >= period.toMs) continue;
      all.add(minute.all.plain());
      for (const [userIdentity, totals] of minute.byIdentity) totalsIn(workers, userIdentity).add(totals.plain());
    }
    const blocks = [...this.#blocks.values()].filter(
      ({ foundAtMs }) => foundAtMs >= asked.fromMs && foundAtMs < asked.toMs,
    );
    return {
      period,
      totals: all.plain(),
      workers: [...workers]
        .map(([userIdentity, totals]) => ({
          userIdentity,
          lastSeenMs: this.#identities.get(userIdentity)?.lastSeenMs ?? 0,
          ...totals.plain(),
        }))
        .sort((a, b) => b.difficulty - a.difficulty)
        .slice(0, MAX_REPORTED_WORKERS),
      blocks: blocks
        .sort((a, b) => a.foundAtMs - b.foundAtMs)
        .slice(-MAX_REPORTED_BLOCKS)
        .map(copyOf),
    };
  }

  async blocks(): Promise<readonly BlockRecord[]> {
    return [...this.#blocks.values()].map(copyOf);
  }

  async close(): Promise<void> {}

  #identity(userIdentity: string): Identity | undefined {
    let identity = this.#identities.get(userIdentity);
    if (identity === undefined && this.#identities.size < this.#options.maxIdentities) {
      identity = { totals: new CreditSum(), lastSeenMs: 0 };
      this.#identities.set(userIdentity, identity);
    }
    return identity;
  }

  #minute(beginMs: number): Minute {
    const minute = this.#minutes.get(beginMs) ?? { all: new CreditSum(), byIdentity: new Map() };
    this.#minutes.set(beginMs, minute);
    dropOldest(this.#minutes, this.#options.maxMinutes);
    return minute;
  }
}

function totalsIn(sums: Map<string, CreditSum>, userIdentity: string): CreditSum {
  const totals = sums.get(userIdentity) ?? new CreditSum();
  sums.set(userIdentity, totals);
  return totals;
}
