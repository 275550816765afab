/** How fast this machine hashes: what a miner announces to its pool. */

import { availableParallelism } from "node:os";
import type { Clock } from "../core/clock.ts";
import { createNonceScanner } from "../sharecore/index.ts";

/** Nonces per slice, and slices: a fraction of a second altogether. The first ones run on code that is not hot yet. */
const SLICE_NONCES = 1 << 16;
const SLICES = 8;

/** Hashes per second of so many threads: what one of them does at its best on a header of zeros, for each core. */
export function measureHashrate(threads: number, clock: Clock): number {
  const scanner = createNonceScanner();
  scanner.init(new Uint8Array(80), new Uint8Array(32));
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let slice = 0; slice < SLICES; slice += 1) {
    const startMs = clock.monotonicMs();
    scanner.scan(slice * SLICE_NONCES, SLICE_NONCES);
    fastestMs = Math.min(fastestMs, clock.monotonicMs() - startMs);
  }
  // No machine does it in less than a tenth of a millisecond; a clock can stand still.
  const ofOne = SLICE_NONCES / (Math.max(0.1, fastestMs) / 1000);
  return Math.round(ofOne * Math.min(threads, availableParallelism()));
}
