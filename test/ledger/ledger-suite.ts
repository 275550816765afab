/**
 * What every share ledger promises, as tests over a function that opens a fresh, empty one. An implementation runs it
 * and adds the tests of its own limits.
 */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChannelCredit, ShareLedger } from "../../src/ledger/ledger.ts";
import { describeBlockRecords } from "./block-records-suite.ts";
import { describeDifficulties } from "./difficulties-suite.ts";
import { batchOf, creditOf, NOTHING } from "./ledger-values.ts";
import { describeReports } from "./reports-suite.ts";

export function describeLedger(name: string, open: () => Promise<ShareLedger>): void {
  describe(`${name}, as a ledger`, () => {
    let ledger: ShareLedger;
    beforeEach(async () => {
      ledger = await open();
    });
    afterEach(async () => {
      await ledger.close();
    });

    it("begins with nothing", async () => {
      expect(await ledger.totals()).toEqual(NOTHING);
      expect(await ledger.totalsOf("alice.rig")).toEqual(NOTHING);
      expect(await ledger.blocks()).toEqual([]);
    });

    it("tells what a batch earned and lost once its commit has resolved", async () => {
      await ledger.commit(
        batchOf("a", creditOf({ acceptedShares: 3, difficulty: 24.5, rejects: { "stale-share": 2 } })),
      );
      const totals = { acceptedShares: 3, difficulty: 24.5, bestDifficulty: 1, rejects: { "stale-share": 2 } };
      expect(await ledger.totals()).toEqual(totals);
      expect(await ledger.totalsOf("alice.rig")).toEqual(totals);
    });

    it("adds up batches, and the credits of one identity, code by code", async () => {
      await ledger.commit(
        batchOf(
          "a",
          creditOf({ acceptedShares: 1, difficulty: 8, rejects: { "stale-share": 1 } }),
          creditOf({ acceptedShares: 2, difficulty: 16, rejects: { "duplicate-share": 4 } }),
        ),
      );
      await ledger.commit(
        batchOf("b", creditOf({ acceptedShares: 4, difficulty: 0.5, rejects: { "stale-share": 2 } })),
      );
      const totals = {
        acceptedShares: 7,
        difficulty: 24.5,
        bestDifficulty: 1,
        rejects: { "stale-share": 3, "duplicate-share": 4 },
      };
      expect(await ledger.totals()).toEqual(totals);
      expect(await ledger.totalsOf("alice.rig")).toEqual(totals);
    });

    it("keeps identities apart and has all of them in the overall totals", async () => {
      await ledger.commit(
        batchOf(
          "a",
          creditOf({ userIdentity: "alice", acceptedShares: 1, difficulty: 2 }),
          creditOf({
            userIdentity: "bob",
            acceptedShares: 0,
            difficulty: 0,
            bestDifficulty: 0,
            rejects: { "difficulty-too-low": 5 },
          }),
        ),
      );
      expect(await ledger.totalsOf("alice")).toEqual({
        acceptedShares: 1,
        difficulty: 2,
        bestDifficulty: 1,
        rejects: {},
      });
      expect(await ledger.totalsOf("bob")).toEqual({ ...NOTHING, rejects: { "difficulty-too-low": 5 } });
      expect(await ledger.totals()).toEqual({
        acceptedShares: 1,
        difficulty: 2,
        bestDifficulty: 1,
        rejects: { "difficulty-too-low": 5 },
      });
    });

    it("takes an identity as data, whatever it looks like, and as nothing but itself", async () => {
      const identities = [
        "",
        "__proto__",
        "constructor",
        "a",
        "A",
        "a ",
        " a",
        "a\0",
        "'; --",
        "é",
        "e\u0301",
        "x".repeat(255),
      ];
      await ledger.commit(
        batchOf("a", ...identities.map((userIdentity, index) => creditOf({ userIdentity, acceptedShares: 1 + index }))),
      );
      for (const [index, userIdentity] of identities.entries()) {
        expect(await ledger.totalsOf(userIdentity)).toMatchObject({ acceptedShares: 1 + index });
      }
      expect(await ledger.totalsOf("toString")).toEqual(NOTHING);
    });

    it("keeps the best difficulty of each identity and of all, in whatever order they come", async () => {
      const best = (userIdentity: string, bestDifficulty: number): ChannelCredit =>
        creditOf({ userIdentity, bestDifficulty });
      await ledger.commit(batchOf("a", best("alice", 5), best("bob", 7.25), best("alice", 3)));
      await ledger.commit(batchOf("b", best("alice", 6), best("bob", 1)));
      expect(await ledger.totalsOf("alice")).toMatchObject({ bestDifficulty: 6 });
      expect(await ledger.totalsOf("bob")).toMatchObject({ bestDifficulty: 7.25 });
      expect(await ledger.totals()).toMatchObject({ bestDifficulty: 7.25 });
    });

    it("takes a batch without credits", async () => {
      await ledger.commit(batchOf("a"));
      expect(await ledger.totals()).toEqual(NOTHING);
    });

    it("holds counts and difficulties as large as a pool's", async () => {
      const large = { acceptedShares: 2 ** 40, difficulty: 2 ** 90 };
      await ledger.commit(batchOf("a", creditOf(large)));
      await ledger.commit(batchOf("b", creditOf(large)));
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 2 ** 41, difficulty: 2 ** 91 });
    });

    it("counts a batch id once: repeated, repeated later, and repeated with other contents", async () => {
      const first = batchOf("a", creditOf({ rejects: { "stale-share": 1 } }));
      await ledger.commit(first);
      await ledger.commit(first);
      await ledger.commit(batchOf("b", creditOf()));
      await ledger.commit(structuredClone(first));
      await ledger.commit(batchOf("a", creditOf({ userIdentity: "bob", acceptedShares: 9 })));
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 2, difficulty: 2, rejects: { "stale-share": 1 } });
      expect(await ledger.totalsOf("bob")).toEqual(NOTHING);
    });

    it("counts a batch id once although the first commit is still under way", async () => {
      const batch = batchOf("a", creditOf());
      await Promise.all([ledger.commit(batch), ledger.commit(batch), ledger.commit(batch)]);
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 1 });
    });

    it("tells batch ids apart by every character", async () => {
      for (const batchId of ["a", "A", "a ", "a-1", "a-11", ""]) await ledger.commit(batchOf(batchId, creditOf()));
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 6 });
    });

    it("counts every one of many commits that are under way at once", async () => {
      const batches = Array.from({ length: 200 }, (_, index) =>
        batchOf(`run-${index}`, creditOf({ difficulty: index })),
      );
      await Promise.all(batches.map((batch) => ledger.commit(batch)));
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 200, difficulty: 19_900 });
    });

    it("has taken a copy of a batch when its commit has resolved", async () => {
      const rejects = { "stale-share": 1 };
      const credits = [creditOf({ rejects })];
      await ledger.commit({ ...batchOf("a"), credits });
      rejects["stale-share"] = 100;
      credits.push(creditOf());
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 1, difficulty: 1, rejects: { "stale-share": 1 } });
    });

    it("gives totals that can be sent to another process, and that nothing changes afterwards", async () => {
      await ledger.commit(batchOf("a", creditOf({ rejects: { "stale-share": 1 } })));
      const totals = [await ledger.totals(), await ledger.totalsOf("alice.rig"), await ledger.totalsOf("nobody")];
      const sent = structuredClone(totals);
      expect(totals).toStrictEqual(sent);
      for (const { rejects } of totals) Object.assign(rejects, { "stale-share": 50 });
      await ledger.commit(batchOf("b", creditOf({ rejects: { "stale-share": 1 } })));
      expect(totals[0]?.acceptedShares).toBe(1);
      expect(await ledger.totals()).toMatchObject({ acceptedShares: 2, difficulty: 2, rejects: { "stale-share": 2 } });
      expect(await ledger.totalsOf("nobody")).toEqual(NOTHING);
    });

    describeBlockRecords(() => ledger);
    describeReports(() => ledger);
    describeDifficulties(() => ledger);
  });
}
