/** Values that cross the ledger's interface, for tests. */

import type { ChannelCredit, ShareBatchCommit } from "../../src/ledger/ledger.ts";

export const NOTHING = { acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects: {} };

export function creditOf(fields: Partial<ChannelCredit> = {}): ChannelCredit {
  return {
    userIdentity: "alice.rig",
    acceptedShares: 1,
    difficulty: 1,
    bestDifficulty: 1,
    rejects: {},
    ...fields,
  };
}

/** 2023-11-14 22:13:20 UTC. */
export const AT_MS = 1_700_000_000_000;

export function batchOf(batchId: string, ...credits: ChannelCredit[]): ShareBatchCommit {
  return { batchId, atMs: AT_MS, credits };
}
