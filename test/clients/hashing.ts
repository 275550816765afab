/** What a miner computes, on Node's own SHA-256 alone. 32-byte values are in header order. */

import { createHash } from "node:crypto";
import { concatBytes } from "../../src/core/bytes.ts";
import { u32 } from "./bytes.ts";

export function sha256d(bytes: Uint8Array): Uint8Array {
  const once = createHash("sha256").update(bytes).digest();
  return createHash("sha256").update(once).digest();
}

/** The merkle root over a coinbase, by the siblings on its way up. */
export function merkleRoot(coinbase: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  return path.reduce((hash, sibling) => sha256d(concatBytes(hash, sibling)), sha256d(coinbase));
}

/** Hashes and targets as numbers: both are little-endian. */
export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

/** How many hashes it takes on average to meet a target. */
export function hashesFor(target: Uint8Array): number {
  return Number((1n << 256n) / (numberOf(target) + 1n));
}

export type HeaderFields = {
  readonly version: number;
  readonly prevHash: Uint8Array;
  readonly merkleRoot: Uint8Array;
  readonly ntime: number;
  readonly bits: number;
};

/** Far above what the targets of these tests take: who comes here would hash for ever. */
const MAX_TRIES = 400_000;

/** Tries nonces from 0 on until the header's hash is at or below `target`, and above `above` where that is given. */
export function findNonce(fields: HeaderFields, target: Uint8Array, above?: Uint8Array): number {
  const { version, prevHash, merkleRoot: root, ntime, bits } = fields;
  const header = concatBytes(u32(version), prevHash, root, u32(ntime), u32(bits), u32(0));
  const [wanted, floor] = [numberOf(target), above === undefined ? -1n : numberOf(above)];
  for (let nonce = 0; nonce < MAX_TRIES; nonce += 1) {
    header.set(u32(nonce), 76);
    const hash = numberOf(sha256d(header));
    if (hash <= wanted && hash > floor) return nonce;
  }
  throw new Error(`no share within ${MAX_TRIES} hashes: the miner would hash for ever`);
}
