import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LedgerReport, Period } from "../../src/ledger/ledger.ts";
import { LedgerQueries } from "../../src/ledger/ledger-queries.ts";
import { MemoryLedger } from "../../src/ledger/memory-ledger.ts";
import type { Retention } from "../../src/ledger/roll-ups.ts";
import { ShareTable } from "../../src/ledger/share-table.ts";
import { type LedgerDatabase, openLedgerFile } from "../../src/ledger/sqlite-file.ts";
import { drawn } from "../support/drawn-cases.ts";
import { ledgerFile, RETENTION } from "./ledger-file.ts";
import { AT_MS, batchOf, creditOf } from "./ledger-values.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The begin of a day of UTC. */
const DAY_ONE_MS = 19_675 * DAY_MS;

class Rig {
  readonly database: LedgerDatabase;
  readonly shares: ShareTable;
  readonly queries: LedgerQueries;
  #batches = 0;

  constructor(retention: Retention = RETENTION, limits: { maxIdentities?: number; maxBatchIds?: number } = {}) {
    this.database = openLedgerFile(ledgerFile(), "normal");
    this.shares = new ShareTable(this.database, { retention, maxIdentities: 1_000, maxBatchIds: 1_000, ...limits });
    this.queries = new LedgerQueries(this.database);
  }

  commit(atMs: number, userIdentity = "alice", isTrusted = true): void {
    this.#batches += 1;
    const credit = creditOf({ userIdentity, rejects: { "stale-share": 2 } });
    this.shares.commit({ ...batchOf(`${this.#batches}`, credit), atMs }, { trustedMs: isTrusted ? atMs : undefined });
  }

  report(fromMs: number, toMs: number): LedgerReport {
    return this.queries.report({ fromMs, toMs });
  }

  rows(table: string): number {
    return this.database.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number;
  }
}

describe("the begin of what a ledger has", () => {
  const firstMs = DAY_ONE_MS + 5 * HOUR_MS + 7 * MINUTE_MS;

  it("is that of its first minute, also once that is in an hour and a day", () => {
    const rig = new Rig();
    for (const laterMs of [0, MINUTE_MS, 2 * HOUR_MS, 2 * DAY_MS]) {
      rig.commit(firstMs + laterMs + 1);
      expect(rig.queries.beginMs()).toBe(firstMs);
    }
  });

  it("is that of its first hour once minutes were forgotten, and that of its first day once hours were", () => {
    const rig = new Rig({ minuteDays: 1, hourDays: 4, dayDays: 3_650 });
    rig.commit(firstMs);
    for (let minute = 0; minute < 10; minute += 1) rig.commit(firstMs + 3 * DAY_MS + minute * MINUTE_MS);
    expect(rig.queries.beginMs()).toBe(DAY_ONE_MS + 5 * HOUR_MS);
    for (let minute = 0; minute < 10; minute += 1) rig.commit(firstMs + 6 * DAY_MS + minute * MINUTE_MS);
    expect(rig.queries.beginMs()).toBe(DAY_ONE_MS);
  });

  it("is that of a minute before all others that came last", () => {
    const rig = new Rig();
    rig.commit(firstMs);
    rig.commit(firstMs - 30 * DAY_MS);
    expect(rig.queries.beginMs()).toBe(firstMs - 30 * DAY_MS);
  });
});

describe("a ledger's sums", () => {
  it("are, over any period, those of all batches in its minutes, whatever came first and was forgotten", async () => {
    const minutes = fc.integer({ min: 0, max: 3 * 24 * 60 });
    const commits = fc.array(fc.record({ minute: minutes, name: fc.constantFrom("alice", "bob") }), { maxLength: 30 });
    const periods = fc.array(fc.tuple(minutes, minutes), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(commits, periods, fc.boolean(), async (batches, asked, forgets) => {
        const rig = new Rig({ minuteDays: 1, hourDays: 1, dayDays: 3_650 });
        const newestMs = DAY_ONE_MS + Math.max(...batches.map(({ minute }) => minute)) * MINUTE_MS;
        const model = new MemoryLedger({ maxMinutes: 100_000 });
        for (const [index, { minute, name }] of batches.entries()) {
          const atMs = DAY_ONE_MS + minute * MINUTE_MS + index;
          const credit = creditOf({ userIdentity: name, bestDifficulty: index, rejects: { "stale-share": index } });
          const batch = { ...batchOf(`${index}`, credit), atMs };
          rig.shares.commit(batch, { trustedMs: forgets ? newestMs + index : undefined });
          await model.commit(batch);
        }
        for (const [from, length] of asked) {
          const period = { fromMs: DAY_ONE_MS + from * MINUTE_MS, toMs: DAY_ONE_MS + (from + length) * MINUTE_MS };
          const [found, exact] = [rig.queries.report(period), await model.report(period)];
          if (!forgets) expect(found.period).toEqual(exact.period);
          expect(found.period.fromMs).toBeLessThanOrEqual(exact.period.fromMs);
          expect(found.period.toMs).toBeGreaterThanOrEqual(exact.period.toMs);
          expect(withoutZeros(found)).toEqual(withoutZeros(await model.report(found.period)));
        }
        rig.database.close();
      }),
      drawn(60),
    );
  });

  it("count each batch once for its minute, its hour and its day", () => {
    const rig = new Rig();
    for (const minute of [0, 1, 59, 60, 61, 24 * 60]) rig.commit(DAY_ONE_MS + minute * MINUTE_MS);
    // What is folded: all but the last minute.
    expect(rig.rows("hour_shares WHERE worker = 0")).toBe(2);
    expect(rig.database.prepare("SELECT accepted_shares FROM day_shares WHERE worker = 0").pluck().all()).toEqual([5]);
    expect(rig.report(DAY_ONE_MS, DAY_ONE_MS + 2 * DAY_MS).totals.acceptedShares).toBe(6);
  });

  it("take up what comes late: the clock was set back, or a commit had to wait", () => {
    const rig = new Rig();
    rig.commit(DAY_ONE_MS + DAY_MS);
    rig.commit(DAY_ONE_MS + DAY_MS + MINUTE_MS);
    rig.commit(DAY_ONE_MS + 5 * MINUTE_MS);
    expect(rig.report(DAY_ONE_MS, DAY_ONE_MS + DAY_MS).totals.acceptedShares).toBe(1);
    expect(rig.report(DAY_ONE_MS, DAY_ONE_MS + HOUR_MS).totals.acceptedShares).toBe(1);
    expect(rig.report(DAY_ONE_MS + 5 * MINUTE_MS, DAY_ONE_MS + 6 * MINUTE_MS).totals.acceptedShares).toBe(1);
    expect(rig.report(DAY_ONE_MS, DAY_ONE_MS + 2 * DAY_MS).totals.acceptedShares).toBe(3);
  });
});

/** A worker whose shares were all in minutes without any is told of by neither. */
function withoutZeros({ totals, workers }: LedgerReport): unknown {
  const strip = (rejects: Readonly<Record<string, number>>): unknown =>
    Object.fromEntries(Object.entries(rejects).filter(([, count]) => count > 0));
  return {
    totals: { ...totals, rejects: strip(totals.rejects) },
    workers: workers
      .map(({ rejects, ...rest }) => ({ ...rest, rejects: strip(rejects) }))
      .sort((a, b) => a.userIdentity.localeCompare(b.userIdentity)),
  };
}

describe("what a ledger forgets", () => {
  const SHORT = { minuteDays: 1, hourDays: 2, dayDays: 4 };

  it("is minutes, hours and days, each after its time, and the total of none", () => {
    const rig = new Rig(SHORT);
    for (let hour = 0; hour < 10 * 24; hour += 1) rig.commit(DAY_ONE_MS + hour * HOUR_MS);
    expect(rig.rows("minute_shares WHERE worker = 0")).toBeLessThanOrEqual(24 + 2);
    expect(rig.rows("hour_shares WHERE worker = 0")).toBeLessThanOrEqual(3 * 24);
    expect(rig.rows("day_shares WHERE worker = 0")).toBeLessThanOrEqual(5);
    for (const unit of ["minute", "hour", "day"]) {
      expect(rig.rows(`${unit}_rejects`), unit).toBe(rig.rows(`${unit}_shares`));
    }
    expect(rig.queries.totals()).toMatchObject({ acceptedShares: 240, rejects: { "stale-share": 480 } });
  });

  it("leaves the sums of longer units whole, and a report widens to them and says so", () => {
    const rig = new Rig(SHORT);
    for (let minute = 0; minute < 60; minute += 1) rig.commit(DAY_ONE_MS + minute * MINUTE_MS);
    const halfHour = { fromMs: DAY_ONE_MS + 30 * MINUTE_MS, toMs: DAY_ONE_MS + 31 * MINUTE_MS };
    const over = (): { period: Period; shares: number } => {
      const { period, totals } = rig.queries.report(halfHour);
      return { period, shares: totals.acceptedShares };
    };
    expect(over()).toEqual({ period: halfHour, shares: 1 });
    rig.commit(DAY_ONE_MS + 36 * HOUR_MS);
    expect(over()).toEqual({ period: { fromMs: DAY_ONE_MS, toMs: DAY_ONE_MS + HOUR_MS }, shares: 60 });
    rig.commit(DAY_ONE_MS + 3 * DAY_MS + HOUR_MS);
    expect(over()).toEqual({ period: { fromMs: DAY_ONE_MS, toMs: DAY_ONE_MS + DAY_MS }, shares: 60 });
    rig.commit(DAY_ONE_MS + 6 * DAY_MS);
    expect(over().shares).toBe(0);
  });

  it("is not taken for there where all its shares were rejected", () => {
    const rig = new Rig(SHORT);
    const rejected = creditOf({ acceptedShares: 0, rejects: { "stale-share": 1 } });
    rig.shares.commit({ ...batchOf("a", rejected), atMs: DAY_ONE_MS }, { trustedMs: DAY_ONE_MS });
    rig.commit(DAY_ONE_MS + 36 * HOUR_MS);
    const { period, totals } = rig.report(DAY_ONE_MS, DAY_ONE_MS + MINUTE_MS);
    expect(period).toEqual({ fromMs: DAY_ONE_MS, toMs: DAY_ONE_MS + HOUR_MS });
    expect(totals.rejects).toEqual({ "stale-share": 1 });
  });

  it("is a worker that was not seen for as long as days are kept, with its rejects; who comes again begins anew", () => {
    const rig = new Rig(SHORT);
    rig.commit(DAY_ONE_MS, "bob");
    rig.commit(DAY_ONE_MS + 4 * DAY_MS, "alice");
    expect(rig.queries.totalsOf("bob").acceptedShares).toBe(1);
    rig.commit(DAY_ONE_MS + 5 * DAY_MS, "alice");
    expect(rig.queries.totalsOf("bob")).toEqual({ acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects: {} });
    expect(rig.rows("worker_rejects")).toBe(2);
    rig.commit(DAY_ONE_MS + 5 * DAY_MS + HOUR_MS, "bob");
    expect(rig.queries.totalsOf("bob").acceptedShares).toBe(1);
  });

  it("is nothing while the clock is not to be trusted", () => {
    const rig = new Rig(SHORT);
    rig.commit(DAY_ONE_MS);
    rig.commit(DAY_ONE_MS + 1_000 * DAY_MS, "alice", false);
    rig.commit(DAY_ONE_MS + 1_000 * DAY_MS + MINUTE_MS, "alice", false);
    expect(rig.report(DAY_ONE_MS, DAY_ONE_MS + MINUTE_MS).totals.acceptedShares).toBe(1);
  });

  it("is the oldest batch id beyond the last `maxBatchIds`", () => {
    const rig = new Rig(RETENTION, { maxBatchIds: 2 });
    for (const batchId of ["a", "b", "a", "b", "c", "b", "c", "a"]) {
      rig.shares.commit(batchOf(batchId, creditOf()), { trustedMs: AT_MS });
    }
    expect(rig.queries.totals().acceptedShares).toBe(4);
    expect(rig.rows("batches")).toBe(2);
  });
});

describe("a ledger's limit of identities", () => {
  it("has further ones count in the sums of everybody alone, until others are forgotten", () => {
    const rig = new Rig({ minuteDays: 1, hourDays: 1, dayDays: 1 }, { maxIdentities: 2 });
    for (const name of ["alice", "bob", "carol", "alice"]) rig.commit(DAY_ONE_MS, name);
    expect(rig.queries.totalsOf("alice").acceptedShares).toBe(2);
    expect(rig.queries.totalsOf("carol").acceptedShares).toBe(0);
    expect(rig.queries.totals().acceptedShares).toBe(4);
    expect(rig.report(DAY_ONE_MS, DAY_ONE_MS + 1).totals.acceptedShares).toBe(4);
    rig.commit(DAY_ONE_MS + 3 * DAY_MS, "alice");
    rig.commit(DAY_ONE_MS + 3 * DAY_MS, "carol");
    expect(rig.queries.totalsOf("carol").acceptedShares).toBe(1);
  });
});
