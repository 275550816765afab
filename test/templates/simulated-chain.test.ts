import { describe, expect, it } from "vitest";
import { assembleBlock } from "../../src/bitcoin/block.ts";
import { buildCoinbase, completeCoinbase } from "../../src/bitcoin/coinbase.ts";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { serializeHeader } from "../../src/bitcoin/header.ts";
import { merklePath, rootFromPath } from "../../src/bitcoin/merkle.ts";
import { bitsToTarget, targetFromBytes } from "../../src/bitcoin/target.ts";
import { serializeTransaction, type Transaction, txidOf, wtxidOf } from "../../src/bitcoin/transaction.ts";
import { witnessCommitmentScript } from "../../src/bitcoin/witness-commitment.ts";
import { toHex } from "../../src/core/bytes.ts";
import type { SubmitResult } from "../../src/templates/block-node.ts";
import { BASE_HEIGHT, SimulatedChain } from "../../src/templates/simulated-chain.ts";
import { type SimulatedTransaction, transactionWeight } from "../../src/templates/simulated-transactions.ts";

/** Every second hash solves a block. */
const BITS = 0x207fffff;
const START = 1_700_000_000;

function hashOf(number: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, number, true);
  return hash;
}

/** A chain whose blocks have these times, the base's first; the block at `index` has hash `hashOf(index)`. */
function chainOf(times: readonly number[]): SimulatedChain {
  const [time = START, ...rest] = times;
  const chain = new SimulatedChain(BITS, { hash: hashOf(0), time });
  for (const [index, each] of rest.entries()) {
    chain.add({ height: BASE_HEIGHT + 1 + index, hash: hashOf(index + 1), time: each, foundBy: "others" });
  }
  return chain;
}

type Options = { parent?: Uint8Array; time?: number; transaction?: Transaction };

/** The last part of a solved block's fate, on `parent`. */
function submit(chain: SimulatedChain, options: Options = {}): SubmitResult {
  return submitted(chain, options).result;
}

function submitted(
  chain: SimulatedChain,
  options: Options,
): { readonly result: SubmitResult; readonly hash: Uint8Array } {
  const { parent = chain.tip.hash, time = chain.medianTimePast + 1, transaction } = options;
  const others = transaction === undefined ? [] : [transaction];
  const extranonce = hashOf(7).subarray(0, 8);
  const halves = buildCoinbase({
    height: chain.tip.height + 1,
    poolTag: "/t/",
    extranonceSize: 8,
    outputs: [{ value: 1n, script: new Uint8Array(22) }],
    witnessCommitment: witnessCommitmentScript(others.map(wtxidOf)),
  });
  const coinbaseTxid = sha256d(completeCoinbase({ ...halves, extranonce, witness: false }));
  const header = {
    version: 0x20000000,
    prevHash: parent,
    merkleRoot: rootFromPath(coinbaseTxid, merklePath(others.map(txidOf))),
    time,
    bits: BITS,
  };
  let header80 = serializeHeader({ ...header, nonce: 0 });
  for (let nonce = 1; targetFromBytes(sha256d(header80)) > bitsToTarget(BITS); nonce += 1) {
    header80 = serializeHeader({ ...header, nonce });
  }
  const bytes = assembleBlock({
    header80,
    coinbase: completeCoinbase({ ...halves, extranonce, witness: true }),
    transactions: others.map((each) => serializeTransaction(each, { witness: true })),
  });
  const mempool = new Map(others.map((each) => [toHex(txidOf(each)), known(each)]));
  const { result } = chain.check(bytes, { nowSeconds: START + 1_000_000, mempool });
  return { result, hash: sha256d(header80) };
}

function known(transaction: Transaction): SimulatedTransaction {
  const data = serializeTransaction(transaction, { witness: true });
  return {
    data,
    txid: txidOf(transaction),
    wtxid: wtxidOf(transaction),
    fee: 0n,
    weight: transactionWeight(transaction),
  };
}

describe("the median time past", () => {
  it("is the middle one of the last eleven times, whatever their order", () => {
    const times = [900, 5, 11, 2, 9, 1, 8, 3, 10, 4, 7, 6].map((offset) => START + offset);
    // Without the base: 1 to 11.
    expect(chainOf(times).medianTimePast).toBe(START + 6);
  });

  it("is the upper one of the middle where there are fewer", () => {
    expect(chainOf([START + 4, START + 1, START + 3, START + 2]).medianTimePast).toBe(START + 3);
  });

  it("of a block's own parent bounds its time, also beside the tip", () => {
    const chain = chainOf([START, START + 100, START + 200, START + 300]);
    const parent = hashOf(1);
    expect(submit(chain, { parent, time: START + 100 })).toEqual({ kind: "refused", reason: "time-too-old" });
    expect(submit(chain, { parent, time: START + 101 })).toEqual({ kind: "inconclusive" });
  });
});

describe("a block of the largest weight", () => {
  const CONSENSUS_LIMIT = 4_000_000;

  /** One transaction with so many bytes in its witness. */
  function padded(bytes: number): Transaction {
    const input = {
      prevTxid: hashOf(1),
      prevIndex: 0,
      script: new Uint8Array(0),
      sequence: 0,
      witness: [new Uint8Array(bytes)],
    };
    return { version: 2, inputs: [input], outputs: [{ value: 1n, script: new Uint8Array(22) }], locktime: 0 };
  }

  it("is accepted, and one unit more is not", () => {
    const chain = chainOf([START]);
    // The header and the count of transactions, four units for each byte; the coinbase; the rest is the transaction's.
    const coinbase = buildCoinbase({
      height: BASE_HEIGHT + 1,
      poolTag: "/t/",
      extranonceSize: 8,
      outputs: [{ value: 1n, script: new Uint8Array(22) }],
      witnessCommitment: new Uint8Array(38),
    });
    const coinbaseBytes = coinbase.prefix.length + 8 + coinbase.suffix.length;
    const fixed = 4 * (80 + 1) + 4 * coinbaseBytes + (2 + 1 + 1 + 32);
    // Beyond 65,535 bytes each byte more of a witness is one unit more.
    const fits = 65_536 + CONSENSUS_LIMIT - fixed - transactionWeight(padded(65_536));
    expect(submit(chain, { transaction: padded(fits) })).toEqual({ kind: "accepted" });
    const refused = { kind: "refused", reason: "bad-blk-weight" };
    expect(submit(chain, { transaction: padded(fits + 1) })).toEqual(refused);
  });
});

describe("a chain of a thousand blocks and more", () => {
  it("forgets the oldest: nothing can build on it, and it is not known any more", () => {
    const times = Array.from({ length: 1_001 }, (_, index) => START + index);
    const chain = chainOf(times.slice(0, 1_000));
    expect(submit(chain, { parent: hashOf(0), time: START + 5_000 })).toEqual({ kind: "inconclusive" });
    chain.add({ height: BASE_HEIGHT + 1_000, hash: hashOf(1_000), time: START + 1_000, foundBy: "others" });
    expect(chain.blocks).toHaveLength(1_000);
    const missing = { kind: "refused", reason: "prev-blk-not-found" };
    expect(submit(chain, { parent: hashOf(0), time: START + 5_000 })).toEqual(missing);
    expect(submit(chain, { parent: hashOf(1), time: START + 5_000 })).toEqual({ kind: "inconclusive" });
  });
});

describe("blocks beside the chain", () => {
  it("are known, the last 2,048 of them; one that was forgotten is known again with its next submission", () => {
    const chain = chainOf([START, START + 1]);
    const beside = (index: number) => submitted(chain, { parent: hashOf(0), time: START + 10 + index }).hash;
    const hashes = Array.from({ length: 2_048 }, (_, index) => beside(index));
    expect(hashes.every((hash) => chain.hasBeside(hash))).toBe(true);
    beside(2_048);
    expect(hashes.map((hash) => chain.hasBeside(hash)).indexOf(true)).toBe(1);
    expect(chain.hasBeside(beside(0))).toBe(true);
    expect(chain.hasBeside(chain.tip.hash)).toBe(false);
  });
});
