/** The part of the ledger's suite that is about remembered difficulties. */

import { describe, expect, it } from "vitest";
import type { RememberedDifficulty, ShareLedger } from "../../src/ledger/ledger.ts";
import { AT_MS } from "./ledger-values.ts";

function difficultyOf(userIdentity: string, fields: Partial<RememberedDifficulty> = {}): RememberedDifficulty {
  return { userIdentity, kind: "standard", difficultyPerMinute: 512.5, nominalHashrate: 1e12, atMs: AT_MS, ...fields };
}

/** @param ledger the one that is under test at that moment, empty. */
export function describeDifficulties(ledger: () => ShareLedger): void {
  describe("that remembers difficulties", () => {
    it("begins with none", async () => {
      expect(await ledger().difficulties()).toEqual([]);
    });

    it("gives them back whole, in the order in which they were noted", async () => {
      const entries = [
        difficultyOf("bob"),
        difficultyOf("", { difficultyPerMinute: 2 ** 80, nominalHashrate: 0 }),
        difficultyOf("alice", { kind: "extended", difficultyPerMinute: 1e-9 }),
      ];
      await ledger().rememberDifficulties(entries.slice(0, 2));
      await ledger().rememberDifficulties(entries.slice(2));
      expect(await ledger().difficulties()).toEqual(entries);
    });

    it("keeps one of each identity and kind, the newest, noted last", async () => {
      const first = [difficultyOf("alice"), difficultyOf("alice", { kind: "extended" }), difficultyOf("bob")];
      await ledger().rememberDifficulties(first);
      const newer = difficultyOf("alice", { difficultyPerMinute: 1_024, atMs: AT_MS + 1 });
      await ledger().rememberDifficulties([newer]);
      expect(await ledger().difficulties()).toEqual([first[1], first[2], newer]);
    });

    it("takes none, and counts no shares with any", async () => {
      await ledger().rememberDifficulties([]);
      await ledger().rememberDifficulties([difficultyOf("alice")]);
      expect((await ledger().totals()).acceptedShares).toBe(0);
    });
  });
}
