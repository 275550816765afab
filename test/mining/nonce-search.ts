/** Nonces whose hashes are what a test wishes. */

import { targetToBytes } from "../../src/bitcoin/target.ts";
import { createNonceScanner } from "../../src/sharecore/index.ts";

export type ShareWish = {
  readonly jobId?: number;
  readonly sequenceNumber?: number;
  readonly ntime?: number;
  readonly version?: number;
  readonly extranonce?: Uint8Array;
  /** The hash is at or below it; by default any hash will do. */
  readonly meets?: bigint;
  /** The hash is above it. */
  readonly misses?: bigint;
};

const ANY_HASH = (1n << 256n) - 1n;
const scanner = createNonceScanner();

/** The first nonce of that header whose hash is what is wished. */
export function findNonce(header: Uint8Array, { meets = ANY_HASH, misses = 0n }: ShareWish): number {
  for (let nonce = 0; ; nonce += 1) {
    scanner.init(header, targetToBytes(meets));
    const found = scanner.scan(nonce, 1 << 24);
    if (found === undefined) throw new Error("no nonce within 2^24");
    nonce = found;
    scanner.init(header, targetToBytes(misses));
    if (misses === 0n || scanner.scan(nonce, 1) === undefined) return nonce;
  }
}
