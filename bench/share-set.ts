/** The shares that all implementations are measured on: the same in every run, all valid records, none meets a target. */

import type { ExtendedJob, Job, StandardJob } from "adit-pool/sharecore";

/** Numbers that are the same in every run (Marsaglia's xorshift). */
class Random {
  #state = 0x2545f491;
  byte(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 16) & 0xff;
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.byte());
  }
}

export type BenchShare = {
  readonly version: number;
  readonly ntime: number;
  readonly nonce: number;
  readonly extranonce: Uint8Array;
};

export type ShareSet = { readonly job: Job; readonly shares: readonly BenchShare[]; readonly target: Uint8Array };

/** With the extranonce a coinbase of 300 bytes. */
const COINBASE_PREFIX_BYTES = 120;
const EXTRANONCE_BYTES = 16;
const COINBASE_BYTES = 300;
const MERKLE_LEVELS = 12;
const VERSION = 0x20000000;

export function shareSet(kind: "standard" | "extended", count: number): ShareSet {
  const random = new Random();
  const common = { prevHash: random.bytes(32), version: VERSION, bits: 0x1d00ffff, networkTarget: new Uint8Array(32) };
  const standard: StandardJob = { kind: "standard", ...common, merkleRoot: random.bytes(32) };
  const extended: ExtendedJob = {
    kind: "extended",
    ...common,
    coinbasePrefix: random.bytes(COINBASE_PREFIX_BYTES),
    coinbaseSuffix: random.bytes(COINBASE_BYTES - COINBASE_PREFIX_BYTES - EXTRANONCE_BYTES),
    merklePath: Array.from({ length: MERKLE_LEVELS }, () => random.bytes(32)),
  };
  const shares = Array.from({ length: count }, (_, index) => ({
    // Hardware rolls the version; so no midstate of the job's own version helps.
    version: (VERSION | (((index % 0xffff) + 1) << 13)) >>> 0,
    ntime: 1_700_000_000 + index,
    nonce: Math.imul(index, 2_654_435_761) >>> 0,
    extranonce: kind === "standard" ? new Uint8Array(0) : random.bytes(EXTRANONCE_BYTES),
  }));
  return { job: kind === "standard" ? standard : extended, shares, target: new Uint8Array(32) };
}
