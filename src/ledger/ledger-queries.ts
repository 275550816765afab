/** What is asked of a ledger's file; changes nothing. Each answer is of one moment. */

import { keptSums } from "./kept-sums.ts";
import {
  type BlockFate,
  type BlockRecord,
  type LedgerReport,
  type LedgerTotals,
  MAX_REPORTED_BLOCKS,
  MAX_REPORTED_WORKERS,
  type Period,
  type RememberedDifficulty,
  type WorkerReport,
} from "./ledger.ts";
import { DAY_MS, HOUR_MS } from "./minutes.ts";
import { type ReportRanges, reportRanges } from "./report-ranges.ts";
import { EVERYBODY } from "./share-table.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

const NOTHING: LedgerTotals = { acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects: {} };

type SumRow = { readonly worker: number } & Omit<LedgerTotals, "rejects">;
type RejectRow = { readonly worker: number; readonly code: string; readonly count: number };
type WorkerRow = { readonly userIdentity: string; readonly lastSeenMs: number };
type BlockRow = Omit<BlockRecord, "reason"> & { readonly fate: BlockFate; readonly reason: string | null };

const BLOCK_COLUMNS = "hash, height, user_identity AS userIdentity, found_at AS foundAtMs, fate, reason";

const FIRST_TIMES = [
  "SELECT MIN(begin) FROM minute_shares",
  "SELECT MIN(begin) FROM hour_shares",
  "SELECT MIN(begin) FROM day_shares",
  "SELECT MIN(found_at) FROM blocks",
];

export class LedgerQueries {
  readonly #database: LedgerDatabase;

  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  totals(): LedgerTotals {
    return this.#totalsOf(EVERYBODY);
  }

  totalsOf(userIdentity: string): LedgerTotals {
    const find = this.#database.prepare("SELECT worker FROM workers WHERE user_identity = ?").pluck();
    const worker = find.get(userIdentity) as number | undefined;
    return worker === undefined ? NOTHING : this.#totalsOf(worker);
  }

  #totalsOf(worker: number): LedgerTotals {
    return this.#atOnce(() => {
      const sums = this.#database
        .prepare(
          `SELECT accepted_shares AS acceptedShares, difficulty, best_difficulty AS bestDifficulty
           FROM workers WHERE worker = ?`,
        )
        .get(worker) as Omit<LedgerTotals, "rejects">;
      const rejects = this.#database.prepare("SELECT code, count FROM worker_rejects WHERE worker = ?").raw();
      return { ...sums, rejects: Object.fromEntries(rejects.all(worker) as [string, number][]) };
    });
  }

  report(asked: Period): LedgerReport {
    return this.#atOnce(() => {
      const ranges = reportRanges(asked, keptSums(this.#database));
      const rejects = this.#rejects(ranges);
      const sums = this.#sums(ranges);
      const everybody = sums.find(({ worker }) => worker === EVERYBODY);
      return {
        period: ranges.period,
        totals: { ...totalsOfRow(everybody), rejects: rejects.get(EVERYBODY) ?? {} },
        workers: this.#workers(sums, rejects),
        blocks: this.#blocksIn(asked),
      };
    });
  }

  /** When the first that is kept begins, of shares (to a minute, where minutes are kept) and of blocks. */
  beginMs(): number | undefined {
    const [minute = null, hour = null, day = null, block = null] = FIRST_TIMES.map(
      (first) => this.#database.prepare(first).pluck().get() as number | null,
    );
    const shares = finerBegin(finerBegin(day, hour, DAY_MS), minute, HOUR_MS);
    const known = [shares, block].filter((begin) => begin !== null);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  blocks(): BlockRecord[] {
    const rows = this.#database
      .prepare(`SELECT ${BLOCK_COLUMNS} FROM blocks ORDER BY number DESC LIMIT ${MAX_REPORTED_BLOCKS}`)
      .all() as BlockRow[];
    return rows.reverse().map(blockOfRow);
  }

  difficulties(): RememberedDifficulty[] {
    return this.#database
      .prepare(
        `SELECT user_identity AS userIdentity, kind, difficulty_per_minute AS difficultyPerMinute,
           nominal_hashrate AS nominalHashrate, noted_at AS atMs
         FROM difficulties ORDER BY number`,
      )
      .all() as RememberedDifficulty[];
  }

  /** All statements of `read` see the file as it is at one moment. */
  #atOnce<T>(read: () => T): T {
    return this.#database.transaction(read).deferred();
  }

  #sums(ranges: ReportRanges): SumRow[] {
    const { parts, bounds } = partsOf(ranges, "shares", "worker, accepted_shares, difficulty, best_difficulty");
    return this.#database
      .prepare(
        `SELECT worker, SUM(accepted_shares) AS acceptedShares, SUM(difficulty) AS difficulty,
           MAX(best_difficulty) AS bestDifficulty
         FROM (${parts}) GROUP BY worker ORDER BY SUM(difficulty) DESC, worker LIMIT ${MAX_REPORTED_WORKERS + 1}`,
      )
      .all(bounds) as SumRow[];
  }

  #rejects(ranges: ReportRanges): ReadonlyMap<number, Record<string, number>> {
    const { parts, bounds } = partsOf(ranges, "rejects", "worker, code, count");
    const rows = this.#database
      .prepare(`SELECT worker, code, SUM(count) AS count FROM (${parts}) GROUP BY worker, code`)
      .iterate(bounds) as IterableIterator<RejectRow>;
    const byWorker = new Map<number, Record<string, number>>();
    for (const { worker, code, count } of rows) {
      const rejects = byWorker.get(worker) ?? {};
      byWorker.set(worker, rejects);
      rejects[code] = count;
    }
    return byWorker;
  }

  #workers(sums: readonly SumRow[], rejects: ReadonlyMap<number, Record<string, number>>): WorkerReport[] {
    const find = this.#database.prepare(
      "SELECT user_identity AS userIdentity, last_seen AS lastSeenMs FROM workers WHERE worker = ?",
    );
    const workers: WorkerReport[] = [];
    for (const row of sums) {
      if (row.worker === EVERYBODY) continue;
      const worker = find.get(row.worker) as WorkerRow | undefined;
      if (worker === undefined) continue;
      workers.push({ ...worker, ...totalsOfRow(row), rejects: rejects.get(row.worker) ?? {} });
    }
    return workers;
  }

  #blocksIn({ fromMs, toMs }: Period): BlockRecord[] {
    const rows = this.#database
      .prepare(
        `SELECT ${BLOCK_COLUMNS} FROM blocks WHERE found_at >= ? AND found_at < ?
         ORDER BY found_at DESC, number DESC LIMIT ${MAX_REPORTED_BLOCKS}`,
      )
      .all(fromMs, toMs) as BlockRow[];
    return rows.reverse().map(blockOfRow);
  }
}

/** The first sum's begin, or that of its first part, of which there are `unitMs` in it, where that is kept. */
function finerBegin(sum: number | null, part: number | null, unitMs: number): number | null {
  return sum === null || (part !== null && part < sum + unitMs) ? part : sum;
}

/** The ranges' rows of one kind as one query, and its bounds in order. */
function partsOf(
  ranges: ReportRanges,
  kind: "shares" | "rejects",
  columns: string,
): { parts: string; bounds: number[] } {
  const of = (unit: string, periods: readonly Period[]) => periods.map((period) => ({ unit, period }));
  const all = [...of("minute", ranges.minutes), ...of("hour", ranges.hours), ...of("day", ranges.days)];
  if (all.length === 0) all.push({ unit: "minute", period: { fromMs: 0, toMs: 0 } });
  return {
    parts: all
      .map(({ unit }) => `SELECT ${columns} FROM ${unit}_${kind} WHERE begin >= ? AND begin < ?`)
      .join(" UNION ALL "),
    bounds: all.flatMap(({ period }) => [period.fromMs, period.toMs]),
  };
}

function totalsOfRow(row: SumRow | undefined): Omit<LedgerTotals, "rejects"> {
  const { acceptedShares, difficulty, bestDifficulty } = row ?? NOTHING;
  return { acceptedShares, difficulty, bestDifficulty };
}

/** SQLite's buffers are parts of larger ones. */
function blockOfRow(row: BlockRow): BlockRecord {
  return { ...row, hash: new Uint8Array(row.hash), reason: row.reason ?? undefined };
}
