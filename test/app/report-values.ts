/** A report of the ledger, for tests of how it is shown. */

import type { LedgerReport, WorkerReport } from "../../src/ledger/ledger.ts";

export const FROM_MS: number = Date.parse("2026-08-20T10:00Z");

export function workerOf(fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    userIdentity: "alice.rig",
    acceptedShares: 3,
    difficulty: 600,
    bestDifficulty: 1_234.5,
    rejects: {},
    lastSeenMs: FROM_MS + 90_500,
    ...fields,
  };
}

/** Ten minutes. */
export function reportOf(fields: Partial<LedgerReport> = {}): LedgerReport {
  return {
    period: { fromMs: FROM_MS, toMs: FROM_MS + 600_000 },
    totals: { acceptedShares: 0, difficulty: 0, bestDifficulty: 0, rejects: {} },
    workers: [],
    blocks: [],
    ...fields,
  };
}

/** 32 bytes that an explorer prints as 00…01abcdef. */
export const HASH: Uint8Array = Uint8Array.from([0xef, 0xcd, 0xab, 0x01, ...new Uint8Array(28)]);
