import { beforeEach, describe, expect, it } from "vitest";
import { OldWorkers } from "../../src/ledger/old-workers.ts";
import { type LedgerDatabase, openLedgerFile } from "../../src/ledger/sqlite-file.ts";
import { ledgerFile } from "./ledger-file.ts";

const DAY_MS = 86_400_000;

const MAY_BE_WRONG = { mayBeWrong: true };

let database: LedgerDatabase;
beforeEach(() => {
  database = openLedgerFile(ledgerFile(), "normal");
});

function worker(
  userIdentity: string,
  { lastSeenMs = 0, days = [] }: { lastSeenMs?: number; days?: readonly number[] },
) {
  const { lastInsertRowid } = database
    .prepare(
      "INSERT INTO workers (user_identity, last_seen, accepted_shares, difficulty, best_difficulty) VALUES (?, ?, 0, 0, 0)",
    )
    .run(userIdentity, lastSeenMs);
  database.prepare("INSERT INTO worker_rejects VALUES (?, 'stale-share', 1)").run(lastInsertRowid);
  for (const day of days) {
    database.prepare("INSERT INTO day_shares VALUES (?, ?, 1, 1, 1)").run(day * DAY_MS, lastInsertRowid);
  }
}

function kept(): unknown[] {
  return database.prepare("SELECT user_identity, last_seen FROM workers WHERE worker > 0 ORDER BY worker").raw().all();
}

describe("a worker that was last seen before a time", () => {
  it("is forgotten with its rejects, and one that was seen then is not", () => {
    worker("alice", { lastSeenMs: 999 });
    worker("bob", { lastSeenMs: 1_000 });
    expect(new OldWorkers(database).forget(1_000, MAY_BE_WRONG)).toBe(1);
    expect(kept()).toEqual([["bob", 1_000]]);
    expect(database.prepare("SELECT COUNT(*) FROM worker_rejects").pluck().get()).toBe(1);
  });

  it("is kept where a day of it is, from which on it counts as seen, and keeps no other from being forgotten", () => {
    worker("alice", { days: [20_000, 20_003] });
    worker("bob", { lastSeenMs: 1, days: [] });
    worker("carol", { lastSeenMs: 30_000 * DAY_MS, days: [20_001, 20_004] });
    const oldWorkers = new OldWorkers(database, { maxWorkers: 1 });
    expect([oldWorkers.forget(1_000, MAY_BE_WRONG), oldWorkers.forget(1_000, MAY_BE_WRONG)]).toEqual([0, 1]);
    expect(kept()).toEqual([
      ["alice", 20_003 * DAY_MS],
      ["carol", 30_000 * DAY_MS],
    ]);
  });

  it("is forgotten without a search of days where no clock was ever wrong", () => {
    worker("alice", { days: [20_000] });
    const oldWorkers = new OldWorkers(database, { maxDays: 0 });
    expect(oldWorkers.forget(1_000, MAY_BE_WRONG)).toBe(0);
    expect(new OldWorkers(database).forget(1_000, { mayBeWrong: false })).toBe(1);
    expect(kept()).toEqual([]);
  });

  it.each([
    ["workers", { maxWorkers: 2 }],
    ["days", { maxDays: 5 }],
  ])("waits for the next time where so many %s were looked at", (_, limits) => {
    for (const name of ["a", "b", "c"]) worker(name, {});
    worker("here", { lastSeenMs: 30_000 * DAY_MS, days: [20_000, 20_001, 20_002] });
    const oldWorkers = new OldWorkers(database, limits);
    expect([
      oldWorkers.forget(1_000, MAY_BE_WRONG),
      oldWorkers.forget(1_000, MAY_BE_WRONG),
      oldWorkers.forget(1_000, MAY_BE_WRONG),
    ]).toEqual([2, 1, 0]);
  });
});
