/**
 * The share ledger's interface. What crosses it are plain values; nothing is acknowledged to a miner before `commit`
 * has resolved. An implementation that keeps shares in a database stands behind the same interface.
 */

/** What one identity earned and lost on one channel since the last flush. A batch has one such credit of each. */
export type ChannelCredit = {
  /** Unique over the life of the process: `connectionId:channelId`. */
  readonly channel: string;
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
  /** Unique; the same id is never counted twice. */
  readonly batchId: string;
  readonly atMs: number;
  readonly credits: readonly ChannelCredit[];
};

export type BlockRecord = {
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
  readonly height: number;
  readonly userIdentity: string;
  readonly foundAtMs: number;
  readonly fate: "submitted" | "accepted" | "inconclusive" | "refused";
  /** The node's word where it refused. */
  readonly reason: string | undefined;
};

export type LedgerTotals = {
  readonly acceptedShares: number;
  readonly difficulty: number;
  readonly rejects: Readonly<Record<string, number>>;
};

export interface ShareLedger {
  /** Resolves once the batch is as durable as this ledger makes anything. Committing a batch id again counts nothing. */
  commit(batch: ShareBatchCommit): Promise<void>;
  /** Records a found block, or its new fate (same hash). */
  recordBlock(block: BlockRecord): Promise<void>;
  totals(): Promise<LedgerTotals>;
  /** Totals of one identity; zeros for an unknown one. */
  totalsOf(userIdentity: string): Promise<LedgerTotals>;
  blocks(): Promise<readonly BlockRecord[]>;
  close(): Promise<void>;
}
