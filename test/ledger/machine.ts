/** A pool's ledger on a machine whose clock can be set, and which can sleep. */

import Database from "better-sqlite3";
import { expect, onTestFinished } from "vitest";
import type { LedgerReport, Period } from "../../src/ledger/ledger.ts";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { beginOf, DAY_MS, HOUR_MS } from "../../src/ledger/minutes.ts";
import type { Retention } from "../../src/ledger/roll-ups.ts";
import { ledgerFile } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

/** Five o'clock on a day of UTC. */
export const BEGIN_MS: number = 19_675 * DAY_MS + 5 * HOUR_MS;

export class Machine {
  readonly file = ledgerFile();
  readonly retention: Retention;
  /** When each commit was, by the clock of that time. */
  readonly commitsMs: number[] = [];
  /** How far the wall clock is ahead. */
  aheadMs = 0;
  #elapsedMs = 0;
  #awakeMs = 0;
  #store: LedgerStore | undefined;

  constructor(retention: Partial<Retention> = {}) {
    this.retention = { minuteDays: 1, hourDays: 2, dayDays: 1_000, ...retention };
    onTestFinished(() => this.stop());
  }

  get store(): LedgerStore {
    const clock = { nowMs: () => this.nowMs, monotonicMs: () => this.#awakeMs };
    this.#store ??= new LedgerStore({ file: this.file, durability: "normal", retention: this.retention }, clock);
    return this.#store;
  }

  get nowMs(): number {
    return BEGIN_MS + this.#elapsedMs + this.aheadMs;
  }

  stop(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  pass(ms: number): void {
    this.#elapsedMs += ms;
    this.#awakeMs += ms;
  }

  sleep(ms: number): void {
    this.#elapsedMs += ms;
  }

  commit(userIdentity = "alice", atMs = this.nowMs): void {
    this.commitsMs.push(atMs);
    const credit = creditOf({ userIdentity, rejects: { "stale-share": 1 } });
    this.store.commit({ ...batchOf(`${this.commitsMs.length}`, credit), atMs });
  }

  /** Commits at each end of so long a time. */
  commitEach(intervalMs: number, forMs: number): void {
    for (let passedMs = 0; passedMs < forMs; passedMs += intervalMs) {
      this.pass(intervalMs);
      this.commit();
    }
  }

  report(period: Period): LedgerReport {
    return this.store.report(period);
  }

  /** What the clocks of their times say that there was in a period. */
  commitsIn({ fromMs, toMs }: Period): number {
    return this.commitsMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
  }

  /** The begins of all sums of a unit that are not in the future, oldest first. */
  begins(unit: "minute" | "hour" | "day"): number[] {
    const database = new Database(this.file, { readonly: true });
    const read = database.prepare(`SELECT begin FROM ${unit}_shares WHERE worker = 0 AND begin <= ? ORDER BY begin`);
    const begins = read.pluck().all(this.nowMs) as number[];
    database.close();
    return begins;
  }

  expectNothingTooOld(): void {
    const { minuteDays, hourDays, dayDays } = this.retention;
    const oldest = (unit: "minute" | "hour" | "day"): number => this.begins(unit)[0] ?? this.nowMs;
    expect(oldest("minute")).toBeGreaterThanOrEqual(beginOf(this.nowMs - minuteDays * DAY_MS, HOUR_MS) - HOUR_MS);
    expect(oldest("hour")).toBeGreaterThanOrEqual(beginOf(this.nowMs - hourDays * DAY_MS, DAY_MS) - DAY_MS);
    expect(oldest("day")).toBeGreaterThanOrEqual(beginOf(this.nowMs - dayDays * DAY_MS, DAY_MS) - DAY_MS);
  }

  /** What the report says of its period is so, and that is what was asked for, widened. */
  expectRight(asked: Period): void {
    const { period, totals } = this.report(asked);
    expect(period.fromMs).toBeLessThanOrEqual(asked.fromMs);
    expect(period.toMs).toBeGreaterThanOrEqual(asked.toMs);
    expect(period.toMs - period.fromMs).toBeLessThan(asked.toMs - asked.fromMs + 2 * DAY_MS);
    expect(totals.acceptedShares).toBe(this.commitsIn(period));
    expect(totals.rejects["stale-share"] ?? 0).toBe(this.commitsIn(period));
  }
}
