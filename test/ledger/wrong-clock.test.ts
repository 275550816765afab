import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Period } from "../../src/ledger/ledger.ts";
import { beginOf, DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/ledger/minutes.ts";
import { drawn } from "../support/drawn-cases.ts";
import { BEGIN_MS, Machine } from "./machine.ts";

const YEAR_MS = 365 * DAY_MS;
const ALL_TIME: Period = { fromMs: 0, toMs: 200 * YEAR_MS };

describe("a ledger under a clock that is wrong for two minutes", () => {
  const wrongFor = (machine: Machine, aheadMs: number, userIdentity: string): void => {
    machine.aheadMs = aheadMs;
    for (let minute = 0; minute < 2; minute += 1) {
      machine.commit(userIdentity);
      machine.pass(MINUTE_MS);
    }
    machine.aheadMs = 0;
  };

  it.each([
    ["a year ahead", YEAR_MS],
    ["twenty years ahead", 20 * YEAR_MS],
    ["at the begin of time", MINUTE_MS - BEGIN_MS],
  ])("goes on forgetting when it is right again, and reports: %s", (_name, aheadMs) => {
    for (const restarts of [false, true]) {
      const machine = new Machine();
      machine.commit();
      machine.pass(MINUTE_MS);
      if (restarts) machine.stop();
      wrongFor(machine, aheadMs, "bob");
      if (restarts) machine.stop();
      machine.commitEach(24 * MINUTE_MS, 10 * DAY_MS);
      machine.expectNothingTooOld();
      const lastDay = { fromMs: machine.nowMs - DAY_MS, toMs: machine.nowMs };
      const { period, totals } = machine.report(lastDay);
      expect(period.toMs - period.fromMs).toBe(DAY_MS);
      expect(totals.acceptedShares).toBe(60);
      machine.expectRight({ ...ALL_TIME, fromMs: BEGIN_MS });
      expect(machine.store.totals().acceptedShares).toBe(machine.commitsMs.length);
      expect(machine.store.totalsOf("bob").acceptedShares).toBe(2);
    }
  });

  it("forgets nothing in a ledger of before the clock was noted, under a first one that is wrong", () => {
    const machine = new Machine({ dayDays: 10 });
    for (let days = 0; days < 8; days += 1) {
      machine.commit();
      machine.pass(DAY_MS);
    }
    machine.stop();
    const database = new Database(machine.file);
    database.exec("DELETE FROM marks WHERE name = 'trusted_until'");
    database.close();
    machine.aheadMs = 20 * YEAR_MS;
    machine.commitEach(MINUTE_MS, 59 * MINUTE_MS);
    machine.aheadMs = 0;
    expect(machine.begins("day")).toHaveLength(8);
  });

  it("keeps a worker of whom a day is kept, though it was last seen by a clock that was believed to be in 1970", () => {
    const machine = new Machine();
    const both = (minutes: number): void => {
      for (let minute = 0; minute < minutes; minute += 1) {
        for (const name of ["alice", "bob"]) machine.commit(name);
        machine.pass(MINUTE_MS);
      }
    };
    both(100);
    machine.aheadMs = 2 * DAY_MS - machine.nowMs;
    both(180);
    machine.aheadMs = 0;
    machine.commitEach(MINUTE_MS, 5 * HOUR_MS);
    expect(machine.store.totalsOf("bob").acceptedShares).toBe(280);
    const { totals, workers } = machine.report({ fromMs: BEGIN_MS, toMs: machine.nowMs });
    expect(workers.reduce((sum, { acceptedShares }) => sum + acceptedShares, 0)).toBe(totals.acceptedShares);
  });

  it("loses neither a sum nor the total of a worker, however often it starts meanwhile", () => {
    const machine = new Machine();
    machine.commit("bob");
    machine.commitEach(MINUTE_MS, 10 * MINUTE_MS);
    machine.aheadMs = 20 * YEAR_MS;
    for (let starts = 0; starts < 10; starts += 1) {
      machine.stop();
      machine.commitEach(MINUTE_MS, 2 * MINUTE_MS);
    }
    machine.aheadMs = 0;
    machine.commitEach(HOUR_MS, 3 * HOUR_MS);
    expect(machine.store.totalsOf("bob").acceptedShares).toBe(1);
    expect(machine.begins("minute")[0]).toBe(BEGIN_MS);
    expect(machine.report({ fromMs: BEGIN_MS, toMs: BEGIN_MS + MINUTE_MS }).totals.acceptedShares).toBe(1);
  });

  it("forgets nothing by a batch of that time which is counted later", () => {
    const machine = new Machine();
    machine.commit("bob");
    for (let minute = 0; minute < 3; minute += 1) {
      machine.pass(MINUTE_MS);
      machine.commit("alice", machine.nowMs + 20 * YEAR_MS);
    }
    expect(machine.store.totalsOf("bob").acceptedShares).toBe(1);
    expect(machine.begins("minute")[0]).toBe(BEGIN_MS);
  });

  it("says of a worker that comes again when it was seen last", () => {
    const machine = new Machine();
    wrongFor(machine, 20 * YEAR_MS, "alice");
    machine.commitEach(30 * MINUTE_MS, 2 * HOUR_MS);
    expect(machine.report({ fromMs: BEGIN_MS, toMs: machine.nowMs }).workers[0]?.lastSeenMs).toBe(machine.nowMs);
  });
});

describe("a ledger's trust in the clock", () => {
  const first = (machine: Machine): number => machine.begins("minute").filter((begin) => begin === BEGIN_MS).length;

  it("comes back within an hour where the clock stays where it is: a machine slept, a pool was off", () => {
    for (const isOff of [false, true]) {
      const machine = new Machine();
      machine.commit();
      if (isOff) machine.stop();
      machine.sleep(60 * DAY_MS);
      machine.commit();
      machine.commitEach(MINUTE_MS, 59 * MINUTE_MS);
      expect(first(machine)).toBe(1);
      machine.commitEach(MINUTE_MS, 2 * MINUTE_MS);
      expect(first(machine)).toBe(0);
    }
  });

  it("begins anew with every jump", () => {
    const machine = new Machine();
    machine.commit();
    for (let jumps = 0; jumps < 3; jumps += 1) {
      machine.aheadMs += YEAR_MS;
      machine.commit();
      machine.commitEach(MINUTE_MS, 50 * MINUTE_MS);
    }
    expect(first(machine)).toBe(1);
  });

  it("is not lost by a night's sleep, nor where nobody mines for days", () => {
    const asleep = new Machine();
    asleep.commit();
    for (let nights = 0; nights < 2; nights += 1) {
      asleep.sleep(16 * HOUR_MS);
      asleep.commitEach(MINUTE_MS, 2 * MINUTE_MS);
    }
    expect(first(asleep)).toBe(0);
    const idle = new Machine();
    idle.commit();
    idle.pass(3 * DAY_MS);
    idle.commit();
    expect(first(idle)).toBe(0);
  });

  it("costs no more than the oldest days and their workers where a clock is wrong for hours", () => {
    const machine = new Machine();
    for (let day = 0; day < 300; day += 1) {
      machine.commit(`worker-${day}`);
      machine.pass(DAY_MS);
    }
    machine.aheadMs = 20 * YEAR_MS;
    machine.commitEach(MINUTE_MS, 2 * HOUR_MS);
    machine.aheadMs = 0;
    expect(machine.begins("day")).toHaveLength(300 - 120);
    expect(machine.store.totalsOf("worker-119").acceptedShares).toBe(0);
    expect(machine.store.totalsOf("worker-120").acceptedShares).toBe(1);
    expect(machine.store.totals().acceptedShares).toBe(machine.commitsMs.length);
    // The days that are kept are reported as before, and the others are not said to be.
    const { period, totals } = machine.report({ fromMs: BEGIN_MS, toMs: machine.nowMs });
    expect(period.fromMs).toBe(beginOf(BEGIN_MS, DAY_MS) + 120 * DAY_MS);
    expect(totals.acceptedShares).toBe(300 - 120);
  });

  it("is none in what a clock forgot that was ahead for days: reports and workers go on when it is right again", () => {
    const machine = new Machine({ dayDays: 2 });
    machine.aheadMs = YEAR_MS;
    machine.commitEach(HOUR_MS, 6 * DAY_MS);
    machine.aheadMs = 0;
    machine.commitEach(HOUR_MS, 2 * HOUR_MS);
    machine.commit("bob");
    machine.commitEach(HOUR_MS, 6 * HOUR_MS);
    machine.expectRight({ fromMs: machine.nowMs - 5 * HOUR_MS, toMs: machine.nowMs + MINUTE_MS });
    expect(machine.store.totalsOf("bob").acceptedShares).toBe(1);
  });
});

describe("a report on a period", () => {
  it("of which nothing is kept any more is of no time, and is none where nothing was forgotten", () => {
    const machine = new Machine({ dayDays: 2 });
    machine.commit();
    const before = { fromMs: BEGIN_MS - 100 * DAY_MS, toMs: BEGIN_MS - 90 * DAY_MS };
    expect(machine.report(before).period).toEqual(before);
    machine.commitEach(HOUR_MS, 5 * DAY_MS);
    const { period, totals } = machine.report(before);
    expect(period).toEqual({ fromMs: before.toMs, toMs: before.toMs });
    expect(totals.acceptedShares).toBe(0);
    expect(machine.report({ ...before, toMs: machine.nowMs }).period.fromMs).toBe(machine.begins("day")[0]);
  });
});

describe("whatever the clock does, a ledger", () => {
  const minutes = fc.integer({ min: 0, max: 3 * 24 * 60 });
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("commit", "commit", "late", "set", "right", "sleep", "restart", "wait"),
      minutes,
      aheadDays: fc.constantFrom(-19_000, -400, -2, -0.02, 0.04, 3, 400, 7_000),
    }),
    { maxLength: 40 },
  );

  it("counts each share once in every report, keeps what was acknowledged, and forgets again once it is right", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.tuple(minutes, minutes), { maxLength: 5 }), (sequence, asked) => {
        // Days for ever, so that it is known what each report has to have.
        const machine = new Machine({ dayDays: 36_600 });
        for (const step of sequence) {
          if (step.kind === "restart") machine.stop();
          if (step.kind === "set") machine.aheadMs = step.aheadDays * DAY_MS;
          if (step.kind === "right") machine.aheadMs = 0;
          if (step.kind === "sleep") machine.sleep(step.minutes * MINUTE_MS);
          if (step.kind === "wait") machine.pass(step.minutes * MINUTE_MS);
          if (step.kind === "late") machine.commit("bob", Math.max(0, machine.nowMs - step.minutes * MINUTE_MS));
          machine.commit();
          machine.pass((step.minutes % 3) * MINUTE_MS);
        }
        machine.expectRight(ALL_TIME);
        machine.aheadMs = 0;
        machine.commitEach(15 * MINUTE_MS, DAY_MS + HOUR_MS);
        machine.expectNothingTooOld();
        expect(machine.store.totals().acceptedShares).toBe(machine.commitsMs.length);
        machine.expectRight(ALL_TIME);
        const around = [...machine.commitsMs.slice(0, 20), machine.nowMs - DAY_MS];
        for (const [index, [from, length]] of asked.entries()) {
          const fromMs = Math.max(0, (around[from % around.length] ?? 0) - (index % 3) * MINUTE_MS);
          machine.expectRight({ fromMs, toMs: fromMs + length * MINUTE_MS });
        }
        machine.stop();
      }),
      drawn(25),
    );
  });
});
