/**
 * Workers that are forgotten with the last of their days. When one was seen last is a word of the clock, which may have
 * been wrong; whether a day of it is kept is looked up, and counts.
 */

import type { LedgerDatabase } from "./sqlite-file.ts";

/** At one go, lest a flush takes long. */
const WORKERS_FORGOTTEN_AT_ONCE = 1_000;
/** Likewise: some tens of milliseconds. */
const DAYS_SEARCHED_AT_ONCE = 20_000;

/** Of one call. Days are counted for each worker. */
export type OldWorkersLimits = { readonly maxWorkers: number; readonly maxDays: number };

const NOT_SEARCHED = { day: undefined, days: 0 };

export class OldWorkers {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #limits: OldWorkersLimits;

  constructor(database: LedgerDatabase, limits: Partial<OldWorkersLimits> = {}) {
    this.#statements = prepare(database);
    this.#limits = { maxWorkers: WORKERS_FORGOTTEN_AT_ONCE, maxDays: DAYS_SEARCHED_AT_ONCE, ...limits };
  }

  /**
   * Forgets those that were not seen since.
   * @param options.mayBeWrong the clock once said less than before, and so may what is noted of them: their days are searched.
   * @returns how many.
   */
  forget(sinceMs: number, { mayBeWrong }: { readonly mayBeWrong: boolean }): number {
    const { unseen, forgetRejects, forgetWorker, correct } = this.#statements;
    let forgotten = 0;
    let searched = 0;
    for (const worker of unseen.all(sinceMs, this.#limits.maxWorkers) as number[]) {
      if (searched >= this.#limits.maxDays) break;
      const { day, days } = mayBeWrong ? this.#lastDayOf(worker) : NOT_SEARCHED;
      searched += days;
      if (day === undefined) {
        for (const statement of [forgetRejects, forgetWorker]) statement.run(worker);
        forgotten += 1;
      } else {
        // So that it is not looked at again before that day goes.
        correct.run(day, worker);
      }
    }
    return forgotten;
  }

  /** The last kept day in which it has a sum, and how many days were searched for it. */
  #lastDayOf(worker: number): { readonly day: number | undefined; readonly days: number } {
    const { dayBefore, hasDay } = this.#statements;
    let days = 0;
    let day = dayBefore.get(Number.MAX_SAFE_INTEGER) as number | null;
    for (; day !== null; day = dayBefore.get(day) as number | null) {
      days += 1;
      if (hasDay.get(day, worker) === 1) return { day, days };
    }
    return { day: undefined, days };
  }
}

function prepare(database: LedgerDatabase) {
  return {
    unseen: database
      .prepare("SELECT worker FROM workers WHERE worker > 0 AND last_seen < ? ORDER BY last_seen LIMIT ?")
      .pluck(),
    dayBefore: database.prepare("SELECT MAX(begin) FROM day_shares WHERE begin < ?").pluck(),
    hasDay: database.prepare("SELECT EXISTS (SELECT 1 FROM day_shares WHERE begin = ? AND worker = ?)").pluck(),
    forgetRejects: database.prepare("DELETE FROM worker_rejects WHERE worker = ?"),
    forgetWorker: database.prepare("DELETE FROM workers WHERE worker = ?"),
    correct: database.prepare("UPDATE workers SET last_seen = ? WHERE worker = ?"),
  };
}
