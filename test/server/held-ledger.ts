/** A ledger that answers when a test tells it to. */

import type {
  BlockRecord,
  LedgerReport,
  LedgerTotals,
  Period,
  RememberedDifficulty,
  ShareBatchCommit,
  ShareLedger,
} from "../../src/ledger/ledger.ts";

/** A call that was made, and how it ends. */
export class HeldCall<T> {
  readonly value: T;
  readonly ended: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor(value: T) {
    this.value = value;
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

const NOTHING: LedgerTotals = { acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects: {} };

export class HeldLedger implements ShareLedger {
  /** Oldest first, as are the records. */
  readonly commits: HeldCall<ShareBatchCommit>[] = [];
  /** Empty batches wait for the test too; otherwise they are taken at once, and are not among the commits. */
  holdsProbes = false;
  readonly records: HeldCall<BlockRecord>[] = [];
  closed = false;

  commit(batch: ShareBatchCommit): Promise<void> {
    if (batch.credits.length === 0 && !this.holdsProbes) return Promise.resolve();
    const call = new HeldCall(batch);
    this.commits.push(call);
    return call.ended;
  }

  recordBlock(block: BlockRecord): Promise<void> {
    const call = new HeldCall(block);
    this.records.push(call);
    return call.ended;
  }

  /** What was last to be kept; `difficulties` gives it back. */
  remembered: readonly RememberedDifficulty[] = [];

  async rememberDifficulties(entries: readonly RememberedDifficulty[]): Promise<void> {
    this.remembered = entries;
  }

  async difficulties(): Promise<readonly RememberedDifficulty[]> {
    return this.remembered;
  }

  async report(period: Period): Promise<LedgerReport> {
    return { period, totals: NOTHING, workers: [], blocks: await this.blocks() };
  }

  async totals(): Promise<LedgerTotals> {
    return NOTHING;
  }

  async totalsOf(): Promise<LedgerTotals> {
    return NOTHING;
  }

  async blocks(): Promise<readonly BlockRecord[]> {
    return this.records.map(({ value }) => value);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
