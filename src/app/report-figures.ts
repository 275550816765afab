/** A report's figures as they leave the program: docs/reports.md has each. The names are those of the JSON. */

import { reversed, toHex } from "../core/bytes.ts";
import { isoTime } from "../core/iso-time.ts";
import type { BlockFate, BlockRecord, LedgerReport, LedgerTotals, Period, WorkerReport } from "../ledger/ledger.ts";

export type TotalFigures = {
  readonly accepted_shares: number;
  readonly difficulty: number;
  readonly rejected_shares: number;
  readonly best_difficulty: number;
  /** Hashes per second, on average over what has passed of the period since the ledger's first share. */
  readonly hashrate: number;
};

export type WorkerFigures = TotalFigures & {
  readonly user_identity: string;
  /** Count by error code. */
  readonly rejects: Readonly<Record<string, number>>;
  readonly last_seen: string;
};

export type BlockFigures = {
  readonly height: number;
  /** As explorers print it. */
  readonly hash: string;
  readonly fate: BlockFate;
  readonly reason: string | null;
  readonly user_identity: string;
  readonly found_at: string;
};

export type ReportFigures = {
  readonly from: string;
  readonly to: string;
  readonly totals: TotalFigures;
  readonly rejects: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerFigures[];
  readonly blocks: readonly BlockFigures[];
};

/** Hashes that a share of difficulty 1 stands for, as pools count it. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Milliseconds since the epoch. */
export type ReportMoment = {
  readonly nowMs: number;
  /** When the first that the ledger has begins; undefined where it has nothing. */
  readonly beginMs: number | undefined;
};

export function reportFigures(report: LedgerReport, moment: ReportMoment): ReportFigures {
  const { period, totals, workers, blocks } = report;
  const seconds = passedSeconds(period, moment);
  return {
    from: timeText(period.fromMs),
    to: timeText(period.toMs),
    totals: totalFigures(totals, seconds),
    rejects: totals.rejects,
    workers: workers.map((worker) => workerFigures(worker, seconds)),
    blocks: blocks.map(blockFigures),
  };
}

/** The last minute may be under way, and the period may reach into the future, and to before there was a pool. */
function passedSeconds({ fromMs, toMs }: Period, { nowMs, beginMs = fromMs }: ReportMoment): number {
  return (Math.min(toMs, nowMs) - Math.max(fromMs, beginMs)) / 1_000;
}

function totalFigures(totals: LedgerTotals, seconds: number): TotalFigures {
  const { acceptedShares, difficulty, bestDifficulty, rejects } = totals;
  return {
    accepted_shares: acceptedShares,
    difficulty,
    rejected_shares: Object.values(rejects).reduce((sum, count) => sum + count, 0),
    best_difficulty: bestDifficulty,
    hashrate: seconds > 0 ? (difficulty * HASHES_PER_DIFFICULTY) / seconds : 0,
  };
}

function workerFigures(worker: WorkerReport, seconds: number): WorkerFigures {
  return {
    user_identity: worker.userIdentity,
    ...totalFigures(worker, seconds),
    rejects: worker.rejects,
    last_seen: timeText(worker.lastSeenMs),
  };
}

function blockFigures({ height, hash, fate, reason, userIdentity, foundAtMs }: BlockRecord): BlockFigures {
  return {
    height,
    hash: toHex(reversed(hash)),
    fate,
    reason: reason ?? null,
    user_identity: userIdentity,
    found_at: timeText(foundAtMs),
  };
}

function timeText(atMs: number): string {
  return isoTime(atMs / 1_000);
}
