import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { assembleBlock, parseBlock } from "../../src/bitcoin/block.ts";
import { buildCoinbase, completeCoinbase } from "../../src/bitcoin/coinbase.ts";
import { serializeHeader } from "../../src/bitcoin/header.ts";
import { merklePath, merkleRoot, rootFromPath } from "../../src/bitcoin/merkle.ts";
import { serializeTransaction, type Transaction, txidOf, wtxidOf } from "../../src/bitcoin/transaction.ts";
import { commitmentIn, witnessCommitment, witnessCommitmentScript } from "../../src/bitcoin/witness-commitment.ts";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";

function sha256d(bytes: Uint8Array): Uint8Array {
  const once = createHash("sha256").update(bytes).digest();
  return createHash("sha256").update(once).digest();
}

/** A payment; `witness` is what its input shows. */
function payment(seed: number, witness: readonly Uint8Array[]): Transaction {
  return {
    version: 2,
    inputs: [
      { prevTxid: new Uint8Array(32).fill(seed), prevIndex: seed, script: new Uint8Array(0), sequence: 5, witness },
    ],
    outputs: [{ value: 1_000n + BigInt(seed), script: fromHex(`0014${"0a".repeat(20)}`) }],
    locktime: 0,
  };
}

const ZEROS = new Uint8Array(32);
const PAYMENTS = [
  payment(1, [new Uint8Array(71).fill(0x30), new Uint8Array(33).fill(2)]),
  payment(2, []),
  payment(3, [new Uint8Array(64).fill(9)]),
];
const RAW = PAYMENTS.map((transaction) => serializeTransaction(transaction, { witness: true }));

describe("a witness commitment (BIP141)", () => {
  it("of a block with a coinbase alone is the one that every empty block carries", () => {
    expect(toHex(witnessCommitmentScript([]))).toBe(
      "6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9",
    );
  });

  it("is over the wtxids with zeros for the coinbase's, then over the reserved value", () => {
    const [a, b, c] = RAW.map(sha256d) as [Uint8Array, Uint8Array, Uint8Array];
    const root = sha256d(concatBytes(sha256d(concatBytes(ZEROS, a)), sha256d(concatBytes(b, c))));
    const reserved = new Uint8Array(32).fill(0x77);
    expect(toHex(witnessCommitment([a, b, c], reserved))).toBe(toHex(sha256d(concatBytes(root, reserved))));
    expect(toHex(witnessCommitmentScript([a, b, c]))).toBe(`6a24aa21a9ed${toHex(sha256d(concatBytes(root, ZEROS)))}`);
  });

  it("is found in a script by its first six bytes, and what follows it does not count", () => {
    const commitment = "5c".repeat(32);
    const found = (hex: string): string | undefined => {
      const bytes = commitmentIn(fromHex(hex));
      return bytes === undefined ? undefined : toHex(bytes);
    };
    expect(found(`6a24aa21a9ed${commitment}`)).toBe(commitment);
    expect(found(`6a24aa21a9ed${commitment}0101`)).toBe(commitment);
    expect(found(`6a24aa21a9ed${commitment.slice(2)}`)).toBeUndefined();
    for (const start of ["6b24aa21a9ed", "6a25aa21a9ed", "6a24aa21a9ee", "6a24ab21a9ed"]) {
      expect(found(start + commitment)).toBeUndefined();
    }
    expect(found("")).toBeUndefined();
  });
});

describe("a self-made block", () => {
  const halves = buildCoinbase({
    height: 900_001,
    poolTag: "/adit/",
    extranonceSize: 8,
    outputs: [
      { value: 300_000_000n, script: fromHex(`0014${"01".repeat(20)}`) },
      { value: 12_500_000n, script: fromHex(`76a914${"02".repeat(20)}88ac`) },
    ],
    witnessCommitment: witnessCommitmentScript(PAYMENTS.map(wtxidOf)),
  });
  const extranonce = fromHex("0102030405060708");
  const stripped = completeCoinbase({ ...halves, extranonce, witness: false });
  const root = rootFromPath(sha256d(stripped), merklePath(PAYMENTS.map(txidOf)));
  const header = {
    version: 0x20000000,
    prevHash: ZEROS,
    merkleRoot: root,
    time: 1_700_000_000,
    bits: 0x207fffff,
    nonce: 7,
  };
  const bytes = assembleBlock({
    header80: serializeHeader(header),
    coinbase: completeCoinbase({ ...halves, extranonce, witness: true }),
    transactions: RAW,
  });
  const block = parseBlock(bytes);
  const [coinbase] = block.transactions;

  it("is its header, the number of its transactions, and they themselves", () => {
    expect(toHex(bytes.subarray(0, 81))).toBe(`${toHex(serializeHeader(header))}04`);
    expect(toHex(bytes).endsWith(RAW.map(toHex).join(""))).toBe(true);
    expect(block.header).toEqual(header);
    expect(block.transactions.slice(1)).toEqual(PAYMENTS);
  });

  it("has a coinbase whose txid knows nothing of the witness, and whose wtxid does", () => {
    if (coinbase === undefined) throw new Error("no coinbase");
    expect(toHex(txidOf(coinbase))).toBe(toHex(sha256d(stripped)));
    expect(toHex(wtxidOf(coinbase))).not.toBe(toHex(txidOf(coinbase)));
    expect(coinbase.inputs[0]?.witness).toEqual([ZEROS]);
  });

  it("has the root of all its txids in its header", () => {
    expect(toHex(merkleRoot(block.transactions.map(txidOf)))).toBe(toHex(root));
  });

  it("commits to its witnesses in the last output, of no value", () => {
    const last = coinbase?.outputs.at(-1);
    const reserved = coinbase?.inputs[0]?.witness[0] ?? new Uint8Array(0);
    expect(coinbase?.outputs).toHaveLength(3);
    expect(last?.value).toBe(0n);
    const wanted = witnessCommitment(block.transactions.slice(1).map(wtxidOf), reserved);
    expect(toHex(commitmentIn(last?.script ?? ZEROS) ?? ZEROS)).toBe(toHex(wanted));
  });

  it("counts its transactions in three bytes from the 253rd on", () => {
    const many = Array.from({ length: 252 }, () => RAW[1] ?? ZEROS);
    const start = (count: number): string =>
      toHex(
        assembleBlock({ header80: ZEROS, coinbase: stripped, transactions: many.slice(0, count) }).subarray(32, 36),
      );
    expect(start(251)).toBe(`fc${toHex(stripped.subarray(0, 3))}`);
    expect(start(252)).toBe(`fdfd00${toHex(stripped.subarray(0, 1))}`);
  });
});
