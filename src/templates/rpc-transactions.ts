/**
 * The transactions of a getblocktemplate answer (BIP22, BIP145): decoded, each checked against the txid that the node
 * names, and within what a block can hold: where they leave no room for a coinbase, the last ones are left out, which
 * none of the others can depend on. What was checked for the last template is not decoded and hashed again.
 */

import { readCompactSize } from "../bitcoin/compact-size.ts";
import { sha256d } from "../bitcoin/hash.ts";
import { ByteReader } from "../core/byte-reader.ts";
import { bytesEqual, concatBytes } from "../core/bytes.ts";
import { AditError } from "../core/errors.ts";
import { BlockRoom, MAX_BLOCK_WEIGHT } from "./block-room.ts";
import { asObject, decodeHex, hashOf, integerOf, type JsonObject, unusable } from "./rpc-fields.ts";
import type { TemplateTransaction } from "./template.ts";

/** The smallest transaction has 60 bytes without a witness, each of weight 4. */
const MAX_TEMPLATE_TRANSACTIONS = 16_666;
/** No amount can be larger: 21 million bitcoin, in satoshi. */
export const MAX_MONEY = 2_100_000_000_000_000;

export type TemplateTransactions = {
  readonly transactions: readonly TemplateTransaction[];
  /** Satoshi, of all that the node has chosen; undefined where it does not name every fee. */
  readonly fees: number | undefined;
  /** Of the node's transactions, and what they would have paid. */
  readonly leftOut: { readonly count: number; readonly fees: number };
  readonly anyWitness: boolean;
};

/** Reads the transactions of one node's templates, one after the other. */
export class TransactionReader {
  /** By wtxid as the node printed it; of the last template only, and so bounded as that is. */
  #known: ReadonlyMap<string, TemplateTransaction> = new Map();

  /** @throws {TemplateError} `template-invalid`; what was known stays known. */
  read(answer: JsonObject): TemplateTransactions {
    const list = answer.transactions;
    if (!Array.isArray(list)) throw unusable("transactions is not a list");
    if (list.length > MAX_TEMPLATE_TRANSACTIONS)
      throw unusable(`it has more than ${MAX_TEMPLATE_TRANSACTIONS} transactions`);
    const known = new Map<string, TemplateTransaction>();
    const sums = new Sums();
    const room = new BlockRoom(answer);
    const transactions: TemplateTransaction[] = [];
    let anyWitness = false;
    for (let index = 0; index < list.length; index += 1) {
      const name = `transactions[${index}]`;
      const entry = asObject(list[index], name);
      sums.add(entry);
      const wtxid = entry.hash;
      const transaction = this.#reuse(entry) ?? decode(entry, name);
      if (typeof wtxid === "string") known.set(wtxid, transaction);
      sums.addBytes(transaction.data.length);
      room.add(entry, () => weightOf(transaction.data));
      anyWitness ||= hasWitness(transaction.data);
      transactions.push(transaction);
    }
    const leftOut = { count: 0, fees: 0 };
    for (; !room.suffices && transactions.length > 0; leftOut.count += 1) {
      const { data } = transactions.pop() as TemplateTransaction;
      const entry = asObject(list[transactions.length], "a transaction");
      room.remove(entry, () => weightOf(data));
      if (entry.fee === undefined) throw unusable("it leaves no room for a coinbase, and does not name all fees");
      leftOut.fees += integerOf(entry, "fee", { min: 0, max: MAX_MONEY });
    }
    this.#known = known;
    return { transactions, fees: sums.fees, anyWitness, leftOut };
  }

  #reuse(entry: JsonObject): TemplateTransaction | undefined {
    const wtxid = entry.hash;
    const known = typeof wtxid === "string" ? this.#known.get(wtxid) : undefined;
    if (known === undefined || typeof entry.data !== "string") return undefined;
    const sameLength = entry.data.length === 2 * known.data.length;
    return sameLength && bytesEqual(hashOf(entry, "txid"), known.txid) ? known : undefined;
  }
}

function decode(entry: JsonObject, name: string): TemplateTransaction {
  const text = entry.data;
  const data = typeof text === "string" ? decodeHex(text) : undefined;
  if (data === undefined) throw unusable(`${name}.data is not hexadecimal`);
  const txid = hashOf(entry, "txid");
  if (!bytesEqual(computeTxid(data, name), txid)) throw unusable(`${name}.data is not the transaction of its txid`);
  return { data, txid };
}

function computeTxid(data: Uint8Array, name: string): Uint8Array {
  // The marker of BIP144 stands where the number of inputs would, which is never 0. Without it all bytes are hashed.
  if (!hasWitness(data)) return sha256d(data);
  try {
    return sha256d(withoutWitness(data));
  } catch (error) {
    if (error instanceof AditError) throw unusable(`${name}.data is not a transaction`);
    throw error;
  }
}

function hasWitness(data: Uint8Array): boolean {
  return data[4] === 0;
}

/**
 * The form that a txid is over, copied out of the bytes. It takes half as long as reading a whole Transaction, which
 * counts where thousands come at once with a new tip.
 * @throws {OutOfBytesError | BitcoinError} where the bytes are none.
 */
function withoutWitness(data: Uint8Array): Uint8Array {
  const reader = new ByteReader(data);
  const version = reader.take(4);
  reader.take(2);
  const bodyStart = reader.offset;
  for (let inputs = readCompactSize(reader); inputs > 0; inputs -= 1) {
    reader.take(36);
    reader.take(readCompactSize(reader));
    reader.take(4);
  }
  for (let outputs = readCompactSize(reader); outputs > 0; outputs -= 1) {
    reader.take(8);
    reader.take(readCompactSize(reader));
  }
  return concatBytes(version, data.subarray(bodyStart, reader.offset), data.subarray(data.length - 4));
}

/** BIP141: bytes without witness count four times, witness bytes once. Of a transaction that was decoded. */
function weightOf(data: Uint8Array): number {
  return hasWitness(data) ? 3 * withoutWitness(data).length + data.length : 4 * data.length;
}

/** What the node says of all transactions together, against what a block can hold. */
class Sums {
  fees: number | undefined = 0;
  #bytes = 0;

  add(entry: JsonObject): void {
    if (entry.fee === undefined) this.fees = undefined;
    else {
      const fee = integerOf(entry, "fee", { min: 0, max: MAX_MONEY });
      if (this.fees !== undefined) this.fees = Math.min(this.fees + fee, MAX_MONEY);
    }
  }

  addBytes(length: number): void {
    this.#bytes += length;
    if (this.#bytes > MAX_BLOCK_WEIGHT) throw unusable(`its transactions have more than ${MAX_BLOCK_WEIGHT} bytes`);
  }
}
