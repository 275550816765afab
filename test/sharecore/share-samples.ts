/** Jobs and shares for tests, their expected verdicts by the plain-JS reference, and a way to submit and wait. */

import { toHex } from "../../src/core/bytes.ts";
import type { Job, JobHandle, ShareFields, ShareValidator, VerdictBatch } from "../../src/sharecore/index.ts";
import { VERDICT_UNKNOWN_JOB } from "../../src/sharecore/index.ts";
import { judge } from "../../src/sharecore/js-verdict.ts";

/** The hash in hexadecimal, as it stands in memory: text compares much faster than arrays where tests have thousands. */
export type Verdict = { readonly flags: number; readonly hash: string };

export const NO_BYTES = new Uint8Array(0);
/** Nothing but a hash of zero meets it, or everything does. */
export const HARDEST = new Uint8Array(32);
export const EASIEST = new Uint8Array(32).fill(0xff);

export const UNKNOWN: Verdict = { flags: VERDICT_UNKNOWN_JOB, hash: "00".repeat(32) };

/** Bytes that differ from seed to seed and are the same in each run (a linear congruential generator). */
export function bytesOf(seed: number, length: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

export function sampleStandardJob(seed: number): Job {
  return {
    kind: "standard",
    prevHash: bytesOf(seed, 32),
    merkleRoot: bytesOf(seed + 1, 32),
    version: 0x2000_0000,
    bits: 0x1703_4219,
    networkTarget: HARDEST,
  };
}

export type ExtendedSizes = { readonly prefix?: number; readonly suffix?: number; readonly levels?: number };

/** By default the coinbase has 300 bytes with an extranonce of 16, and the path 12 levels. */
export function sampleExtendedJob(seed: number, sizes: ExtendedSizes = {}): Job {
  const { prefix = 120, suffix = 164, levels = 12 } = sizes;
  return {
    kind: "extended",
    prevHash: bytesOf(seed, 32),
    version: 0x2000_0000,
    bits: 0x1703_4219,
    networkTarget: HARDEST,
    coinbasePrefix: bytesOf(seed + 1, prefix),
    coinbaseSuffix: bytesOf(seed + 2, suffix),
    merklePath: Array.from({ length: levels }, (_, level) => bytesOf(seed + 3 + level, 32)),
  };
}

/** A share of some job; the target is met by about half of all hashes. */
export function sampleShare(job: JobHandle, seed: number, extranonceBytes = 0): ShareFields {
  const target = bytesOf(seed + 7, 32);
  target[31] = 0x80;
  return {
    job,
    version: seed % 3 === 0 ? 0x2000_0000 : 0x2000_0000 | ((seed % 1000) << 13),
    ntime: 1_700_000_000 + (seed % 600),
    nonce: Math.imul(seed, 2_246_822_519) >>> 0,
    target,
    extranonce: bytesOf(seed + 8, extranonceBytes),
  };
}

/** What the reference says about each share; `jobs` are found by handle. */
export function expectedVerdicts(shares: readonly ShareFields[], jobs: ReadonlyMap<JobHandle, Job>): Verdict[] {
  return shares.map((share) => {
    const job = jobs.get(share.job);
    if (job === undefined) return UNKNOWN;
    const { flags, hash } = judge(job, share);
    return { flags, hash: toHex(hash) };
  });
}

/** Copies of all verdicts of a batch. */
export function copyVerdicts(verdicts: VerdictBatch): Verdict[] {
  return Array.from({ length: verdicts.count }, (_, index) => ({
    flags: verdicts.flags(index),
    hash: toHex(verdicts.hash(index)),
  }));
}

/** Submits all shares as one batch; resolves with copies of the verdicts. */
export function validateAll(validator: ShareValidator, shares: readonly ShareFields[]): Promise<Verdict[]> {
  const batch = validator.createBatch(Math.max(1, shares.length));
  for (const share of shares) batch.push(share);
  return new Promise((resolve, reject) => {
    const taken = validator.submit(batch, (verdicts) => resolve(copyVerdicts(verdicts)));
    if (!taken) reject(new Error("the validator is full"));
  });
}

/** The 256-bit little-endian integer plus `difference`. */
export function plus(value: Uint8Array, difference: bigint): Uint8Array {
  let rest = difference;
  return value.map((byte) => {
    const sum = BigInt(byte) + rest;
    rest = sum >> 8n;
    return Number(sum & 0xffn);
  });
}
