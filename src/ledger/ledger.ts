/**
 * The ledger's interface: what miners earned, which blocks they found, what is remembered of them. What crosses it are
 * plain values, so that a database of this machine, one shared by several pools, or this process's memory can stand
 * behind it. test/ledger/ledger-suite.ts describes it; every implementation passes that.
 */

/**
 * What one identity earned and lost since the last flush, on one channel or on several together. A batch may have several
 * credits of an identity.
 */
export type ChannelCredit = {
  /** The identity under which the channel was opened, or that of a worker which its shares name. */
  readonly userIdentity: string;
  readonly acceptedShares: number;
  /** Sum of the credited difficulties. */
  readonly difficulty: number;
  /** Highest difficulty that a share's hash reached, or 0. */
  readonly bestDifficulty: number;
  /** Count by error code, e.g. `stale-share`. */
  readonly rejects: Readonly<Record<string, number>>;
};

export type ShareBatchCommit = {
  /** Unique, over all processes and their restarts; the same id is never counted twice. */
  readonly batchId: string;
  /** Milliseconds since the epoch. Its minute is what the batch counts for. */
  readonly atMs: number;
  readonly credits: readonly ChannelCredit[];
};

/**
 * What became of a block:
 * - `submitted`: it is on its way; no node has answered yet.
 * - `accepted`: a node has it as its tip, or had it already.
 * - `inconclusive`: nodes have it beside their best chain.
 * - `refused`: every node that answered said that it is wrong; `reason` is the first one's word.
 * - `confirmed`: so many blocks stand on it that it counts.
 * - `orphaned`: the chain has gone on without it.
 */
export type BlockFate = "submitted" | "accepted" | "inconclusive" | "refused" | "confirmed" | "orphaned";

export type BlockRecord = {
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
  readonly height: number;
  readonly userIdentity: string;
  readonly foundAtMs: number;
  readonly fate: BlockFate;
  /** The node's word where it refused. */
  readonly reason: string | undefined;
};

/** What suited a worker when it was here last: see `mining/difficulty-memory.ts`. */
export type RememberedDifficulty = {
  readonly userIdentity: string;
  readonly kind: "standard" | "extended";
  /** Of all its shares of one minute together, so that it holds however many of them are wanted. */
  readonly difficultyPerMinute: number;
  /** That it announced, in hashes per second; 0 for none. */
  readonly nominalHashrate: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
};

export type LedgerTotals = {
  readonly acceptedShares: number;
  readonly difficulty: number;
  /** Highest difficulty that a share's hash reached, or 0. */
  readonly bestDifficulty: number;
  readonly rejects: Readonly<Record<string, number>>;
};

/** From `fromMs` on, up to but without `toMs`; milliseconds since the epoch. */
export type Period = { readonly fromMs: number; readonly toMs: number };

export type WorkerReport = LedgerTotals & {
  readonly userIdentity: string;
  /** When it was last credited or rejected, whether in the period or after it. */
  readonly lastSeenMs: number;
};

export type LedgerReport = {
  /** What the figures cover: the period asked for, widened to whole minutes, and to whole hours or days where no minutes are kept any more. */
  readonly period: Period;
  readonly totals: LedgerTotals;
  /** Those that were credited or rejected in the period, by difficulty, the largest first; at most `MAX_REPORTED_WORKERS`. */
  readonly workers: readonly WorkerReport[];
  /** Found in the period that was asked for, oldest first; the newest `MAX_REPORTED_BLOCKS`. */
  readonly blocks: readonly BlockRecord[];
};

/** In one report: some 20 MB as JSON. */
export const MAX_REPORTED_WORKERS = 100_000;
/** In one report, and in a list of blocks. */
export const MAX_REPORTED_BLOCKS = 10_000;

export interface LedgerReader {
  /** Of all time. */
  totals(): Promise<LedgerTotals>;
  /** Totals of one identity; zeros for an unknown one. */
  totalsOf(userIdentity: string): Promise<LedgerTotals>;
  /** What was earned, lost and found in a period. */
  report(period: Period): Promise<LedgerReport>;
  /** The newest `MAX_REPORTED_BLOCKS`, in the order in which they were first recorded. */
  blocks(): Promise<readonly BlockRecord[]>;
  close(): Promise<void>;
}

/** Every method rejects with a `LedgerError` where it could not do its work; asked again it may. */
export interface ShareLedger extends LedgerReader {
  /** Resolves once the batch is as durable as this ledger makes anything. Committing a batch id again counts nothing. */
  commit(batch: ShareBatchCommit): Promise<void>;
  /** Records a found block, or its new fate (same hash). */
  recordBlock(block: BlockRecord): Promise<void>;
  /** Keeps these over what is kept of the same workers. */
  rememberDifficulties(entries: readonly RememberedDifficulty[]): Promise<void>;
  /** What is kept, noted last last. */
  difficulties(): Promise<readonly RememberedDifficulty[]>;
}
