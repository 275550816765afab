/** Whole blocks: put together for submission, and taken apart. */

import { ByteReader } from "../core/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { concatBytes } from "../core/bytes.ts";
import { readCompactSize, writeCompactSize } from "./compact-size.ts";
import { BitcoinError } from "./errors.ts";
import { type BlockHeader, HEADER_BYTES, parseHeader } from "./header.ts";
import { readTransaction, type Transaction } from "./transaction.ts";

export type Block = { readonly header: BlockHeader; readonly transactions: readonly Transaction[] };

/** The bytes of a block. @param options.transactions raw, all but the coinbase, in block order. */
export function assembleBlock(options: {
  readonly header80: Uint8Array;
  readonly coinbase: Uint8Array;
  readonly transactions: readonly Uint8Array[];
}): Uint8Array {
  const count = new ByteWriter(8);
  writeCompactSize(count, options.transactions.length + 1);
  return concatBytes(options.header80, count.finish(), options.coinbase, ...options.transactions);
}

/** @throws {BitcoinError} `malformed-block`, `malformed-transaction`; {OutOfBytesError}. */
export function parseBlock(bytes: Uint8Array): Block {
  const header = parseHeader(bytes);
  const reader = new ByteReader(bytes.subarray(HEADER_BYTES));
  const count = readCompactSize(reader);
  const transactions: Transaction[] = [];
  for (let index = 0; index < count; index += 1) transactions.push(readTransaction(reader));
  if (reader.left > 0) throw new BitcoinError("malformed-block", "bytes follow the block", { bytes: reader.left });
  return { header, transactions };
}
