/**
 * A batch on its way to the ledger's thread: its credits as columns. Thousands of small objects would cost the main
 * thread milliseconds; a few lists cost some ten microseconds.
 */

import type { ChannelCredit, ShareBatchCommit } from "./ledger.ts";

export type BatchColumns = {
  readonly batchId: string;
  readonly atMs: number;
  readonly userIdentities: readonly string[];
  /** Of each credit `acceptedShares`, `difficulty`, `bestDifficulty`. */
  readonly sums: Float64Array;
  /** Of those credits that have any, by their index. */
  readonly rejects: readonly (readonly [number, Readonly<Record<string, number>>])[];
};

const SUMS = 3;

export function toColumns({ batchId, atMs, credits }: ShareBatchCommit): BatchColumns {
  const userIdentities: string[] = [];
  const sums = new Float64Array(SUMS * credits.length);
  const rejects: [number, Readonly<Record<string, number>>][] = [];
  for (let index = 0; index < credits.length; index += 1) {
    const credit = credits[index] as ChannelCredit;
    userIdentities.push(credit.userIdentity);
    sums[SUMS * index] = credit.acceptedShares;
    sums[SUMS * index + 1] = credit.difficulty;
    sums[SUMS * index + 2] = credit.bestDifficulty;
    for (const _ in credit.rejects) {
      rejects.push([index, credit.rejects]);
      break;
    }
  }
  return { batchId, atMs, userIdentities, sums, rejects };
}

export function fromColumns(columns: BatchColumns): ShareBatchCommit {
  const { batchId, atMs, userIdentities, sums } = columns;
  const rejects = new Map(columns.rejects);
  const credits = userIdentities.map((userIdentity, index) => ({
    userIdentity,
    acceptedShares: sums[SUMS * index] ?? 0,
    difficulty: sums[SUMS * index + 1] ?? 0,
    bestDifficulty: sums[SUMS * index + 2] ?? 0,
    rejects: rejects.get(index) ?? {},
  }));
  return { batchId, atMs, credits };
}
