/**
 * The coinbase of a job, read from the two parts that SV2 sends (§5.3.16). The second part may begin inside the
 * scriptSig, so what it pays is found by reading the whole transaction.
 */

import { concatBytes } from "../core/bytes.ts";
import { parseTransaction, type Transaction, type TransactionOutput } from "./transaction.ts";

export type CoinbaseParts = {
  readonly prefix: Uint8Array;
  /** Between the parts: what the pool sets and what the client rolls. It is taken for zeros. */
  readonly extranonceBytes: number;
  readonly suffix: Uint8Array;
};

/** @throws {BitcoinError} `malformed-transaction`, {OutOfBytesError}. */
export function readCoinbase({ prefix, extranonceBytes, suffix }: CoinbaseParts): Transaction {
  return parseTransaction(concatBytes(prefix, new Uint8Array(extranonceBytes), suffix));
}

/**
 * All outputs in order, those without value too.
 * @throws {BitcoinError} `malformed-transaction`, {OutOfBytesError}.
 */
export function coinbaseOutputs(parts: CoinbaseParts): readonly TransactionOutput[] {
  return readCoinbase(parts).outputs;
}
