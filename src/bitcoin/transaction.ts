/** Transactions: reading, writing, and their two ids. BIP141, BIP144. */

import { ByteReader } from "../core/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { readCompactSize, writeCompactSize } from "./compact-size.ts";
import { BitcoinError } from "./errors.ts";
import { sha256d } from "./hash.ts";

export type TransactionInput = {
  /** 32 bytes, header order; zeros for a coinbase. */
  readonly prevTxid: Uint8Array;
  readonly prevIndex: number;
  readonly script: Uint8Array;
  readonly sequence: number;
  readonly witness: readonly Uint8Array[];
};

export type TransactionOutput = {
  /** Satoshi. */
  readonly value: bigint;
  readonly script: Uint8Array;
};

export type Transaction = {
  /** Unsigned 32-bit. */
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly locktime: number;
};

function readBytes(reader: ByteReader): Uint8Array {
  return new Uint8Array(reader.take(readCompactSize(reader)));
}

function readList<T>(reader: ByteReader, minBytes: number, readOne: () => T): T[] {
  const count = readCompactSize(reader);
  if (count * minBytes > reader.left) {
    throw new BitcoinError("malformed-transaction", "a list reaches past its transaction", { count });
  }
  const list: T[] = [];
  for (let index = 0; index < count; index += 1) list.push(readOne());
  return list;
}

/**
 * Reads one transaction and leaves the reader behind it.
 * @throws {BitcoinError} `malformed-transaction`, {OutOfBytesError}.
 */
export function readTransaction(reader: ByteReader): Transaction {
  const version = reader.u32();
  let hasWitness = false;
  // Marker 0 and flag 1 stand where the number of inputs would: no transaction has 0 inputs.
  if (reader.left >= 2 && reader.bytes[reader.offset] === 0) {
    reader.u8();
    if (reader.u8() !== 1) throw new BitcoinError("malformed-transaction", "the flag after the marker is not 1");
    hasWitness = true;
  }
  const bare = readList(reader, 41, () => ({
    prevTxid: new Uint8Array(reader.take(32)),
    prevIndex: reader.u32(),
    script: readBytes(reader),
    sequence: reader.u32(),
  }));
  const outputs = readList(reader, 9, () => ({ value: reader.u64(), script: readBytes(reader) }));
  const inputs = bare.map((input) => ({
    ...input,
    witness: hasWitness ? readList(reader, 1, () => readBytes(reader)) : [],
  }));
  // One transaction has one form of bytes: BIP144's is for those that have a witness.
  if (hasWitness && inputs.every(({ witness }) => witness.length === 0)) {
    throw new BitcoinError("malformed-transaction", "marker and flag stand before a transaction without witness");
  }
  return { version, inputs, outputs, locktime: reader.u32() };
}

/** Reads a transaction that is all of `bytes`. @throws as `readTransaction`, and where something follows. */
export function parseTransaction(bytes: Uint8Array): Transaction {
  const reader = new ByteReader(bytes);
  const transaction = readTransaction(reader);
  if (reader.left > 0) {
    throw new BitcoinError("malformed-transaction", "bytes follow the transaction", { bytes: reader.left });
  }
  return transaction;
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writeCompactSize(writer, bytes.length);
  writer.put(bytes);
}

/** @param options.witness whether the BIP144 form is wanted; without any witness it is the same as the old form. */
export function serializeTransaction(transaction: Transaction, options: { readonly witness: boolean }): Uint8Array {
  const { inputs, outputs } = transaction;
  const withWitness = options.witness && inputs.some(({ witness }) => witness.length > 0);
  const writer = new ByteWriter().u32(transaction.version);
  if (withWitness) writer.u8(0).u8(1);
  writeCompactSize(writer, inputs.length);
  for (const input of inputs) {
    writer.put(input.prevTxid).u32(input.prevIndex);
    writeBytes(writer, input.script);
    writer.u32(input.sequence);
  }
  writeCompactSize(writer, outputs.length);
  for (const output of outputs) {
    writer.u64(output.value);
    writeBytes(writer, output.script);
  }
  if (withWitness) {
    for (const { witness } of inputs) {
      writeCompactSize(writer, witness.length);
      for (const item of witness) writeBytes(writer, item);
    }
  }
  return writer.u32(transaction.locktime).finish();
}

/** 32 bytes, header order; over the form without witness. */
export function txidOf(transaction: Transaction): Uint8Array {
  return sha256d(serializeTransaction(transaction, { witness: false }));
}

/** 32 bytes, header order; over the form with witness. */
export function wtxidOf(transaction: Transaction): Uint8Array {
  return sha256d(serializeTransaction(transaction, { witness: true }));
}
