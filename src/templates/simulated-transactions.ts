/**
 * Transactions for the simulated node's templates: well-formed, with witnesses, of varying size and fee, spending outputs
 * that exist nowhere. The node remembers each one's fee, since there is no chain to look the inputs up in.
 */

import { serializeTransaction, type Transaction, txidOf, wtxidOf } from "../bitcoin/transaction.ts";

export type SimulatedTransaction = {
  /** Raw, with its witness. */
  readonly data: Uint8Array;
  /** 32 bytes, header order. */
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  /** Satoshi. */
  readonly fee: bigint;
  /** Weight units. */
  readonly weight: number;
};

/** BIP141: bytes without witness count four times, witness bytes once. */
export function transactionWeight(transaction: Transaction): number {
  const bare = serializeTransaction(transaction, { witness: false }).length;
  return 3 * bare + serializeTransaction(transaction, { witness: true }).length;
}

/** Whole numbers from 0 to 2^32 − 1, the same for the same seed (Marsaglia's xorshift). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    // The generator stays at 0 once it is there.
    this.#state = seed >>> 0 || 1;
  }

  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }

  /** From `low` up to `high`, both included. */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1));
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) bytes[index] = this.next() >>> 11;
    return bytes;
  }
}

/** Lengths of a DER signature with its type, and of a compressed public key. */
const SIGNATURE_BYTES = 71;
const PUBLIC_KEY_BYTES = 33;
/** Version 0 and a push of 20 bytes: pay to witness public key hash. */
const P2WPKH_HEAD = [0x00, 0x14];
const KEY_HASH_BYTES = 20;

/** One payment of one to three inputs and outputs. */
export function simulatedTransaction(random: SeededRandom): SimulatedTransaction {
  const transaction: Transaction = {
    version: 2,
    inputs: Array.from({ length: random.between(1, 3) }, () => ({
      prevTxid: random.bytes(32),
      prevIndex: random.between(0, 7),
      script: new Uint8Array(0),
      sequence: 0xfffffffd,
      witness: [random.bytes(SIGNATURE_BYTES), random.bytes(PUBLIC_KEY_BYTES)],
    })),
    outputs: Array.from({ length: random.between(1, 3) }, () => ({
      value: BigInt(random.between(1_000, 100_000_000)),
      script: new Uint8Array([...P2WPKH_HEAD, ...random.bytes(KEY_HASH_BYTES)]),
    })),
    locktime: 0,
  };
  return {
    data: serializeTransaction(transaction, { witness: true }),
    txid: txidOf(transaction),
    wtxid: wtxidOf(transaction),
    fee: BigInt(random.between(200, 20_000)),
    weight: transactionWeight(transaction),
  };
}
