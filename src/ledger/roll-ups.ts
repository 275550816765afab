/**
 * Sums by minute, hour and day in the ledger's tables, and how long each is kept. A batch adds to its minute alone, which
 * is the open one. With the first batch of another minute the open one is folded into its hour and day, and the other
 * one opened. A batch of a minute that was folded already (a clock that was set back, a commit that waited) adds to all
 * three. So all minutes but the open one are in hours and days, in whatever order clocks have them come.
 */

import type { LedgerTotals } from "./ledger.ts";
import { beginOf, DAY_MS, HOUR_MS, MINUTE_MS } from "./minutes.ts";
import { OldWorkers } from "./old-workers.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

/** Days that sums of each kind are kept; workers that were not seen for `dayDays` are forgotten with them. */
export type Retention = {
  readonly minuteDays: number;
  readonly hourDays: number;
  readonly dayDays: number;
};

export type Unit = "minute" | "hour" | "day";

/**
 * With each minute so many of the oldest units are forgotten at most, lest a flush takes long, and lest a clock that is
 * wrong for a night takes the history of years: a pool that was stopped for a month catches up in three days.
 */
const UNITS: readonly { readonly unit: Unit; readonly unitMs: number; readonly forgottenAtOnce: number }[] = [
  { unit: "minute", unitMs: MINUTE_MS, forgottenAtOnce: 10 },
  { unit: "hour", unitMs: HOUR_MS, forgottenAtOnce: 2 },
  { unit: "day", unitMs: DAY_MS, forgottenAtOnce: 2 },
];

type Adding = {
  readonly unitMs: number;
  shares(row: { begin: number; worker: number; acceptedShares: number; difficulty: number; best: number }): void;
  rejects(row: { begin: number; worker: number; code: string; count: number }): void;
};

export type Marks = {
  /** The begin of the minute that is not folded yet. */
  readonly openMinute: number;
  /** Days before were forgotten, as far as there were any. */
  readonly daysFrom: number;
  /** When the wall clock was trusted last, or the newest minute before that was noted; undefined in a new ledger. */
  readonly trustedMs: number | undefined;
  /** The trusted time once fell by more than a day: one of both clocks was wrong. */
  readonly wentBack: boolean;
};

export class RollUps {
  readonly #database: LedgerDatabase;
  readonly #retention: Retention;
  readonly #oldWorkers: OldWorkers;
  readonly #adding: readonly Adding[];
  readonly #isFolded: (minute: number) => boolean;
  readonly #mark: (name: string, value: number) => void;
  #marks: Marks;

  constructor(database: LedgerDatabase, retention: Retention) {
    this.#database = database;
    this.#retention = retention;
    this.#oldWorkers = new OldWorkers(database);
    this.#adding = UNITS.map(({ unit, unitMs }) => addingTo(database, unit, unitMs));
    const hasRow = database.prepare("SELECT EXISTS (SELECT 1 FROM minute_shares WHERE begin = ?)").pluck();
    this.#isFolded = (minute) => minute !== this.#marks.openMinute && hasRow.get(minute) === 1;
    const mark = database.prepare(
      "INSERT INTO marks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    );
    this.#mark = (name, value) => mark.run(name, value);
    this.#marks = readMarks(database);
  }

  /** When the wall clock was trusted last, to a minute. */
  get trustedMs(): number | undefined {
    return this.#marks.trustedMs;
  }

  /** What a worker earned and lost at that time; `beginBatch` was called with it before. */
  add(worker: number, atMs: number, sum: LedgerTotals): void {
    const isOpen = beginOf(atMs, MINUTE_MS) === this.#marks.openMinute;
    for (const adding of isOpen ? this.#adding.slice(0, 1) : this.#adding) {
      const begin = beginOf(atMs, adding.unitMs);
      const { acceptedShares, difficulty, bestDifficulty: best } = sum;
      adding.shares({ begin, worker, acceptedShares, difficulty, best });
      for (const [code, count] of Object.entries(sum.rejects)) adding.rejects({ begin, worker, code, count });
    }
  }

  /**
   * Opens the batch's minute where nothing was counted for it yet, and then forgets what is too old.
   * @param options.trustedMs the present; undefined while it is not known for sure: nothing is forgotten then.
   * @returns how many workers were forgotten.
   */
  beginBatch(atMs: number, { trustedMs }: { readonly trustedMs: number | undefined }): number {
    const minute = beginOf(atMs, MINUTE_MS);
    const { openMinute } = this.#marks;
    if (minute === openMinute || this.#isFolded(minute)) return 0;
    for (const { unit, unitMs } of UNITS.slice(1)) this.#fold(unit, unitMs, openMinute);
    this.#mark("folded_until", minute);
    let forgotten = 0;
    if (trustedMs !== undefined) {
      if (trustedMs < (this.#marks.trustedMs ?? trustedMs) - DAY_MS) this.#mark("went_back", 1);
      this.#mark("trusted_until", trustedMs);
      // A batch may have waited since the clock was wrong.
      forgotten = this.#forget(Math.min(trustedMs, atMs));
    }
    this.#marks = readMarks(this.#database);
    return forgotten;
  }

  #fold(unit: Unit, unitMs: number, minute: number): void {
    this.#database
      .prepare(
        `INSERT INTO ${unit}_shares
         SELECT begin - begin % ${unitMs}, worker, accepted_shares, difficulty, best_difficulty
         FROM minute_shares WHERE begin = ? ${ADD_SHARES}`,
      )
      .run(minute);
    this.#database
      .prepare(
        `INSERT INTO ${unit}_rejects
         SELECT begin - begin % ${unitMs}, worker, code, count
         FROM minute_rejects WHERE begin = ? ${ADD_REJECTS}`,
      )
      .run(minute);
  }

  #forget(nowMs: number): number {
    const { minuteDays, hourDays, dayDays } = this.#retention;
    // Of a day or an hour all parts or none, if it can be, so that reports can have a part of it.
    const from = {
      minute: beginOf(nowMs - minuteDays * DAY_MS, HOUR_MS),
      hour: beginOf(nowMs - hourDays * DAY_MS, DAY_MS),
      day: beginOf(nowMs - dayDays * DAY_MS, DAY_MS),
    };
    let { daysFrom } = this.#marks;
    for (const { unit, unitMs, forgottenAtOnce } of UNITS) {
      const oldest = this.#database.prepare(`SELECT MIN(begin) FROM ${unit}_shares`).pluck();
      for (let times = 0; times < forgottenAtOnce; times += 1) {
        const begin = oldest.get() as number | null;
        if (begin === null || begin >= from[unit]) break;
        for (const kind of ["shares", "rejects"]) {
          this.#database.prepare(`DELETE FROM ${unit}_${kind} WHERE begin = ?`).run(begin);
        }
        if (unit === "day") daysFrom = Math.max(daysFrom, begin + unitMs);
      }
    }
    this.#mark("days_from", daysFrom);
    return this.#oldWorkers.forget(Math.min(daysFrom, from.day), { mayBeWrong: this.#marks.wentBack });
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
  const openMinute = marks.get("folded_until") ?? 0;
  return {
    openMinute,
    daysFrom: marks.get("days_from") ?? 0,
    wentBack: marks.has("went_back"),
    trustedMs: marks.get("trusted_until") ?? (openMinute > 0 ? openMinute : undefined),
  };
}
