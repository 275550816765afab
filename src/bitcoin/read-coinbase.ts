/**
 * What the coinbase of a job pays, read from the two parts that SV2 sends (§5.3.16). The second part may begin inside
 * the scriptSig, so the outputs are found by reading the whole transaction.
 */

import { concatBytes } from "../core/bytes.ts";
import { parseTransaction, type TransactionOutput } from "./transaction.ts";

/**
 * All outputs in order, those without value too.
 * @throws {BitcoinError} `malformed-transaction`, {OutOfBytesError}.
 */
export function coinbaseOutputs(parts: {
  readonly prefix: Uint8Array;
  /** Between the parts: what the pool sets and what the client rolls. Its content does not matter. */
  readonly extranonceBytes: number;
  readonly suffix: Uint8Array;
}): readonly TransactionOutput[] {
  return parseTransaction(concatBytes(parts.prefix, new Uint8Array(parts.extranonceBytes), parts.suffix)).outputs;
}
