import { describe, expect, it } from "vitest";
import type { ChannelCredit } from "../../src/ledger/ledger.ts";
import { KeptCredits } from "../../src/mining/kept-credits.ts";
import { creditOf } from "../ledger/ledger-values.ts";

const NONE = { accepted: 0, rejected: 0 };

function earned(userIdentity: string, acceptedShares = 1): ChannelCredit {
  return creditOf({ userIdentity, acceptedShares });
}

function rejected(userIdentity: string, staleShares = 1): ChannelCredit {
  const rejects = { "stale-share": staleShares };
  return creditOf({ userIdentity, acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects });
}

const identities = (credits: readonly ChannelCredit[]): string[] => credits.map(({ userIdentity }) => userIdentity);

describe("credits of closed channels", () => {
  it("are one of each identity: sums, the best share, and each reason's count", () => {
    const kept = new KeptCredits(10);
    kept.add({ ...earned("alice", 2), difficulty: 8, bestDifficulty: 90, rejects: { "stale-share": 1 } });
    kept.add({ ...earned("bob"), difficulty: 0.5 });
    kept.add({ ...earned("alice", 3), difficulty: 1.5, bestDifficulty: 7, rejects: { "duplicate-share": 4 } });
    kept.add(rejected("alice", 2));
    expect(kept.size).toBe(2);
    expect(kept.take()).toEqual([
      {
        userIdentity: "alice",
        acceptedShares: 5,
        difficulty: 9.5,
        bestDifficulty: 90,
        rejects: { "stale-share": 3, "duplicate-share": 4 },
      },
      { userIdentity: "bob", acceptedShares: 1, difficulty: 0.5, bestDifficulty: 1, rejects: {} },
    ]);
  });

  it("are taken once", () => {
    const kept = new KeptCredits(10);
    kept.add(earned("alice"));
    kept.add(rejected("bob"));
    kept.take();
    expect(kept.size).toBe(0);
    expect(kept.take()).toEqual([]);
  });

  it("are kept of as many identities as the limit says, and those of one more are lost", () => {
    const kept = new KeptCredits(2);
    expect(kept.add(earned("alice"))).toEqual(NONE);
    expect(kept.add(earned("bob"))).toEqual(NONE);
    expect(kept.add({ ...earned("carol", 3), rejects: { "stale-share": 4, "duplicate-share": 1 } })).toEqual({
      accepted: 3,
      rejected: 5,
    });
    expect(kept.add(rejected("dave", 6))).toEqual({ accepted: 0, rejected: 6 });
    expect(kept.add(earned("alice", 4)), "who is known has a place").toEqual(NONE);
    expect(kept.take()).toMatchObject([
      { userIdentity: "alice", acceptedShares: 5 },
      { userIdentity: "bob", acceptedShares: 1 },
    ]);
    expect(kept.add(earned("carol")), "there is room again").toEqual(NONE);
  });

  it("without an accepted share give way to those with one, the oldest first, and to nobody while there is room", () => {
    const kept = new KeptCredits(3);
    for (const [name, shares] of [
      ["junk1", 7],
      ["junk2", 2],
    ] as const) {
      kept.add(rejected(name, shares));
    }
    expect(kept.add(earned("alice"))).toEqual(NONE);
    expect(kept.add(rejected("junk3"))).toEqual({ accepted: 0, rejected: 1 });
    expect(kept.add(earned("bob"))).toEqual({ accepted: 0, rejected: 7 });
    expect(kept.size).toBe(3);
    expect(kept.add(earned("carol"))).toEqual({ accepted: 0, rejected: 2 });
    expect(kept.add(earned("dave", 5))).toEqual({ accepted: 5, rejected: 0 });
    expect(identities(kept.take())).toEqual(["alice", "bob", "carol"]);
  });

  it("give way no more once a share was accepted, and keep what was rejected before", () => {
    const kept = new KeptCredits(1);
    kept.add(rejected("alice", 2));
    kept.add(earned("alice"));
    expect(kept.size).toBe(1);
    expect(kept.add(earned("bob"))).toEqual({ accepted: 1, rejected: 0 });
    expect(kept.take()).toMatchObject([{ userIdentity: "alice", acceptedShares: 1, rejects: { "stale-share": 2 } }]);
  });
});
