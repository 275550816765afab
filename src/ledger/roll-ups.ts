/**
 * Sums by minute, hour and day in the ledger's tables, and how long each is kept. A batch adds to its minute alone.
 * When a later minute begins, those that ended are folded into their hours and days. A batch of a minute that was
 * folded already (a clock that was set back, a commit that waited) adds to all three.
 */

import type { LedgerTotals } from "./ledger.ts";
import { beginOf, DAY_MS, HOUR_MS, MINUTE_MS } from "./minutes.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

/** Days that sums of each kind are kept; workers that were not seen for `dayDays` are forgotten with them. */
export type Retention = {
  readonly minuteDays: number;
  readonly hourDays: number;
  readonly dayDays: number;
};

/**
 * At the end of a minute so many of the oldest units of each kind are forgotten at most, lest a flush takes long: a pool
 * that was stopped for a month catches up in three days.
 */
const FORGOTTEN_AT_ONCE = 10;
/** Of workers, likewise. */
const WORKERS_FORGOTTEN_AT_ONCE = 1_000;

const UNITS = [
  { unit: "minute", unitMs: MINUTE_MS },
  { unit: "hour", unitMs: HOUR_MS },
  { unit: "day", unitMs: DAY_MS },
] as const;

type Unit = (typeof UNITS)[number]["unit"];

type Adding = {
  readonly unitMs: number;
  shares(row: { begin: number; worker: number; acceptedShares: number; difficulty: number; best: number }): void;
  rejects(row: { begin: number; worker: number; code: string; count: number }): void;
};

/** Up to where each table is kept: what begins before is forgotten, or will be. Whole days of UTC where others follow. */
export type Marks = {
  readonly foldedUntil: number;
  readonly minutesFrom: number;
  readonly hoursFrom: number;
  readonly daysFrom: number;
};

export class RollUps {
  readonly #database: LedgerDatabase;
  readonly #retention: Retention;
  readonly #adding: readonly Adding[];
  /** Marks only rise: what is forgotten stays forgotten, whatever the clock says. */
  readonly #mark: (name: string, value: number) => void;
  #marks: Marks;

  constructor(database: LedgerDatabase, retention: Retention) {
    this.#database = database;
    this.#retention = retention;
    this.#adding = UNITS.map(({ unit, unitMs }) => addingTo(database, unit, unitMs));
    const mark = database.prepare("UPDATE marks SET value = MAX(value, ?) WHERE name = ?");
    this.#mark = (name, value) => mark.run(value, name);
    this.#marks = readMarks(database);
  }

  /** What a worker earned and lost at that time; `beginBatch` was called with it before. */
  add(worker: number, atMs: number, sum: LedgerTotals): void {
    const isFolded = beginOf(atMs, MINUTE_MS) < this.#marks.foldedUntil;
    for (const adding of isFolded ? this.#adding : this.#adding.slice(0, 1)) {
      const begin = beginOf(atMs, adding.unitMs);
      const { acceptedShares, difficulty, bestDifficulty: best } = sum;
      adding.shares({ begin, worker, acceptedShares, difficulty, best });
      for (const [code, count] of Object.entries(sum.rejects)) adding.rejects({ begin, worker, code, count });
    }
  }

  /**
   * Folds the minutes that have ended at that time, and then forgets what is too old.
   * @returns how many workers were forgotten.
   */
  beginBatch(atMs: number, { forget }: { readonly forget: boolean }): number {
    const minute = beginOf(atMs, MINUTE_MS);
    const { foldedUntil } = this.#marks;
    if (minute <= foldedUntil) return 0;
    for (const { unit, unitMs } of UNITS.slice(1)) this.#fold(unit, unitMs, { from: foldedUntil, to: minute });
    this.#mark("folded_until", minute);
    const forgotten = forget ? this.#forget(atMs) : 0;
    this.#marks = readMarks(this.#database);
    return forgotten;
  }

  #fold(unit: Unit, unitMs: number, minutes: { readonly from: number; readonly to: number }): void {
    const { from, to } = minutes;
    this.#database
      .prepare(
        `INSERT INTO ${unit}_shares
         SELECT begin - begin % ${unitMs}, worker, SUM(accepted_shares), SUM(difficulty), MAX(best_difficulty)
         FROM minute_shares WHERE begin >= ? AND begin < ? GROUP BY 1, 2 ${ADD_SHARES}`,
      )
      .run(from, to);
    this.#database
      .prepare(
        `INSERT INTO ${unit}_rejects
         SELECT begin - begin % ${unitMs}, worker, code, SUM(count)
         FROM minute_rejects WHERE begin >= ? AND begin < ? GROUP BY 1, 2, 3 ${ADD_REJECTS}`,
      )
      .run(from, to);
  }

  #forget(atMs: number): number {
    const { minuteDays, hourDays, dayDays } = this.#retention;
    // What is left of a finer table ends where a unit of the next coarser one begins, so that a report can go on there.
    const from = {
      minute: beginOf(atMs - minuteDays * DAY_MS, HOUR_MS),
      hour: beginOf(atMs - hourDays * DAY_MS, DAY_MS),
      day: beginOf(atMs - dayDays * DAY_MS, DAY_MS),
    };
    for (const { unit } of UNITS) {
      this.#mark(`${unit}s_from`, from[unit]);
      for (const table of [`${unit}_shares`, `${unit}_rejects`]) {
        const oldest = this.#database.prepare(`SELECT MIN(begin) FROM ${table}`).pluck();
        const forget = this.#database.prepare(`DELETE FROM ${table} WHERE begin = ?`);
        for (let times = 0; times < FORGOTTEN_AT_ONCE; times += 1) {
          const begin = oldest.get() as number | null;
          if (begin === null || begin >= from[unit]) break;
          forget.run(begin);
        }
      }
    }
    const unseen = "SELECT worker FROM workers WHERE worker > 0 AND last_seen < ? ORDER BY last_seen LIMIT ?";
    const [, changes = 0] = ["worker_rejects", "workers"].map((table) => {
      const forget = this.#database.prepare(`DELETE FROM ${table} WHERE worker IN (${unseen})`);
      return forget.run(from.day, WORKERS_FORGOTTEN_AT_ONCE).changes;
    });
    return changes;
  }
}

const ADD_SHARES = `
ON CONFLICT DO UPDATE SET
  accepted_shares = accepted_shares + excluded.accepted_shares,
  difficulty = difficulty + excluded.difficulty,
  best_difficulty = MAX(best_difficulty, excluded.best_difficulty)`;

const ADD_REJECTS = "ON CONFLICT DO UPDATE SET count = count + excluded.count";

function addingTo(database: LedgerDatabase, unit: Unit, unitMs: number): Adding {
  const shares = database.prepare(`INSERT INTO ${unit}_shares VALUES (?, ?, ?, ?, ?) ${ADD_SHARES}`);
  const rejects = database.prepare(`INSERT INTO ${unit}_rejects VALUES (?, ?, ?, ?) ${ADD_REJECTS}`);
  return {
    unitMs,
    shares: (row) => shares.run(row.begin, row.worker, row.acceptedShares, row.difficulty, row.best),
    rejects: (row) => rejects.run(row.begin, row.worker, row.code, row.count),
  };
}

export function readMarks(database: LedgerDatabase): Marks {
  const rows = database.prepare("SELECT name, value FROM marks").raw().all() as [string, number][];
  const marks = new Map(rows);
  return {
    foldedUntil: marks.get("folded_until") ?? 0,
    minutesFrom: marks.get("minutes_from") ?? 0,
    hoursFrom: marks.get("hours_from") ?? 0,
    daysFrom: marks.get("days_from") ?? 0,
  };
}
