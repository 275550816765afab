/** The part of the ledger's suite that is about reports over a period. */

import { describe, expect, it } from "vitest";
import type { ChannelCredit, ShareLedger } from "../../src/ledger/ledger.ts";
import { blockOf } from "./block-records-suite.ts";
import { AT_MS, batchOf, creditOf, NOTHING } from "./ledger-values.ts";

const MINUTE_MS = 60_000;
/** A whole minute, and not the first of an hour. */
const START_MS = Math.floor(AT_MS / MINUTE_MS) * MINUTE_MS;

/** @param ledger the one that is under test at that moment, empty. */
export function describeReports(ledger: () => ShareLedger): void {
  let batches = 0;
  const commitAt = (atMs: number, ...credits: ChannelCredit[]): Promise<void> => {
    batches += 1;
    return ledger().commit({ ...batchOf(`report-${batches}`, ...credits), atMs });
  };

  describe("that reports a period", () => {
    it("tells of an empty one", async () => {
      const period = { fromMs: START_MS, toMs: START_MS + MINUTE_MS };
      expect(await ledger().report(period)).toEqual({ period, totals: NOTHING, workers: [], blocks: [] });
    });

    it("has what was committed from its begin on, up to but without its end", async () => {
      for (const [minute, acceptedShares] of [1, 10, 100, 1_000].entries()) {
        await commitAt(START_MS + minute * MINUTE_MS, creditOf({ acceptedShares }));
      }
      const report = await ledger().report({ fromMs: START_MS + MINUTE_MS, toMs: START_MS + 3 * MINUTE_MS });
      expect(report.totals.acceptedShares).toBe(110);
      expect(report.workers.map(({ acceptedShares }) => acceptedShares)).toEqual([110]);
    });

    it("widens what was asked for to whole minutes, and says so", async () => {
      await commitAt(START_MS + 10, creditOf({ acceptedShares: 1 }));
      await commitAt(START_MS + 2 * MINUTE_MS - 1, creditOf({ acceptedShares: 10 }));
      await commitAt(START_MS + 2 * MINUTE_MS, creditOf({ acceptedShares: 100 }));
      const report = await ledger().report({ fromMs: START_MS + 20, toMs: START_MS + MINUTE_MS + 1 });
      expect(report.period).toEqual({ fromMs: START_MS, toMs: START_MS + 2 * MINUTE_MS });
      expect(report.totals.acceptedShares).toBe(11);
    });

    it("adds up hours and days, whatever the order in which their batches came", async () => {
      const offsets = [90 * 60, 0, 36 * 60, 30 * 24 * 60, 1, 25 * 60];
      let shares = 0;
      for (const [index, minutes] of offsets.entries()) {
        const acceptedShares = 10 ** index;
        await commitAt(START_MS + minutes * MINUTE_MS, creditOf({ acceptedShares, rejects: { "stale-share": 1 } }));
        shares += acceptedShares;
      }
      const toMs = START_MS + 31 * 24 * 60 * MINUTE_MS;
      const report = await ledger().report({ fromMs: START_MS, toMs });
      expect(report.totals).toMatchObject({ acceptedShares: shares, rejects: { "stale-share": offsets.length } });
    });

    it("has each worker with its own figures, the largest difficulty first", async () => {
      const bob = creditOf({ userIdentity: "bob", difficulty: 32, bestDifficulty: 99.5, acceptedShares: 2 });
      const alice = creditOf({ userIdentity: "alice", difficulty: 8, bestDifficulty: 12 });
      const rejected = { acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects: { "stale-share": 3 } };
      await commitAt(START_MS, alice, bob);
      await commitAt(START_MS + 5, alice, creditOf({ userIdentity: "carol", ...rejected }));
      await commitAt(START_MS + MINUTE_MS, creditOf({ userIdentity: "dave" }));
      const report = await ledger().report({ fromMs: START_MS, toMs: START_MS + MINUTE_MS });
      expect(report.workers).toEqual([
        {
          userIdentity: "bob",
          lastSeenMs: START_MS,
          acceptedShares: 2,
          difficulty: 32,
          bestDifficulty: 99.5,
          rejects: {},
        },
        {
          userIdentity: "alice",
          lastSeenMs: START_MS + 5,
          acceptedShares: 2,
          difficulty: 16,
          bestDifficulty: 12,
          rejects: {},
        },
        { userIdentity: "carol", lastSeenMs: START_MS + 5, ...rejected },
      ]);
      expect(report.totals).toEqual({
        acceptedShares: 4,
        difficulty: 48,
        bestDifficulty: 99.5,
        rejects: { "stale-share": 3 },
      });
    });

    it("tells the best difficulty of the period, not of all time", async () => {
      await commitAt(START_MS, creditOf({ bestDifficulty: 1_000 }));
      await commitAt(START_MS + MINUTE_MS, creditOf({ bestDifficulty: 50 }));
      const report = await ledger().report({ fromMs: START_MS + MINUTE_MS, toMs: START_MS + 2 * MINUTE_MS });
      expect(report.totals.bestDifficulty).toBe(50);
      expect(report.workers[0]?.bestDifficulty).toBe(50);
    });

    it("tells when a worker was seen last, in the period or after it", async () => {
      await commitAt(START_MS, creditOf());
      await commitAt(START_MS + 10 * MINUTE_MS, creditOf());
      const report = await ledger().report({ fromMs: START_MS, toMs: START_MS + MINUTE_MS });
      expect(report.workers[0]?.lastSeenMs).toBe(START_MS + 10 * MINUTE_MS);
    });

    it("has the blocks that were found in the period as it was asked for, oldest first", async () => {
      for (const seed of [4, 1, 3, 2]) {
        await ledger().recordBlock(blockOf(seed, { foundAtMs: START_MS + seed }));
      }
      const report = await ledger().report({ fromMs: START_MS + 2, toMs: START_MS + 4 });
      expect(report.blocks).toEqual([2, 3].map((seed) => blockOf(seed, { foundAtMs: START_MS + seed })));
    });

    it("gives a report that can be sent to another process, and that nothing changes afterwards", async () => {
      await commitAt(START_MS, creditOf());
      const period = { fromMs: START_MS, toMs: START_MS + MINUTE_MS };
      const report = await ledger().report(period);
      expect(structuredClone(report)).toStrictEqual(report);
      await commitAt(START_MS, creditOf());
      expect(report.totals.acceptedShares).toBe(1);
    });
  });
}
