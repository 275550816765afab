import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseTransaction,
  serializeTransaction,
  type Transaction,
  txidOf,
  wtxidOf,
} from "../../src/bitcoin/transaction.ts";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";

/** The signed transaction of BIP143, "Native P2WPKH": one input without witness, one with two items. */
const PARTS = {
  version: "01000000",
  marker: "0001",
  inputs:
    "02fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffff" +
    "ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff",
  outputs:
    "02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac" +
    "9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac",
  witness:
    "00" +
    "0247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee01" +
    "21025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357",
  locktime: "11000000",
};
const FULL = PARTS.version + PARTS.marker + PARTS.inputs + PARTS.outputs + PARTS.witness + PARTS.locktime;
const STRIPPED = PARTS.version + PARTS.inputs + PARTS.outputs + PARTS.locktime;

describe("BIP143's signed transaction", () => {
  const transaction = parseTransaction(fromHex(FULL));

  it("is read field by field", () => {
    expect(transaction).toMatchObject({ version: 1, locktime: 17 });
    expect(
      transaction.inputs.map(({ prevIndex, sequence, script, witness }) => ({
        prevIndex,
        sequence,
        scriptBytes: script.length,
        itemBytes: witness.map(({ length }) => length),
      })),
    ).toEqual([
      { prevIndex: 0, sequence: 0xffffffee, scriptBytes: 73, itemBytes: [] },
      { prevIndex: 1, sequence: 0xffffffff, scriptBytes: 0, itemBytes: [71, 33] },
    ]);
    expect(transaction.outputs.map(({ value }) => value)).toEqual([112_340_000n, 223_450_000n]);
  });

  it("is written in both forms", () => {
    expect(toHex(serializeTransaction(transaction, { witness: true }))).toBe(FULL);
    expect(toHex(serializeTransaction(transaction, { witness: false }))).toBe(STRIPPED);
  });

  it("has these ids, as bitcore-lib computes them", () => {
    expect(toHex(reversed(txidOf(transaction)))).toBe(
      "e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609",
    );
    expect(toHex(reversed(wtxidOf(transaction)))).toBe(
      "c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762",
    );
  });

  it("has one id without its witness, and the witness form is then the plain one", () => {
    const stripped = parseTransaction(fromHex(STRIPPED));
    expect(toHex(serializeTransaction(stripped, { witness: true }))).toBe(STRIPPED);
    expect(toHex(wtxidOf(stripped))).toBe(toHex(txidOf(transaction)));
  });

  it.each([
    ["a plain array", fromHex(FULL)],
    ["a Buffer", Buffer.from(FULL, "hex")],
  ])("is read from %s as a copy, which outlives the bytes", (_kind, bytes) => {
    const read = parseTransaction(bytes);
    bytes.fill(0);
    expect(toHex(serializeTransaction(read, { witness: true }))).toBe(FULL);
  });
});

const run = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  // Around 253 the length takes three bytes.
  fc.oneof(
    fc.uint8Array({ maxLength }),
    fc.integer({ min: 250, max: 256 }).map((length) => new Uint8Array(length).fill(length)),
  );
const u32 = fc.nat({ max: 0xffffffff });
const anyTransaction: fc.Arbitrary<Transaction> = fc.record({
  version: u32,
  inputs: fc.array(
    fc.record({
      prevTxid: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      prevIndex: u32,
      script: run(40),
      sequence: u32,
      witness: fc.array(run(20), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  outputs: fc.array(fc.record({ value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), script: run(40) }), {
    maxLength: 4,
  }),
  locktime: u32,
});

describe("any transaction", () => {
  it("is read back from its bytes as it was", () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const bytes = serializeTransaction(transaction, { witness: true });
        const read = parseTransaction(bytes);
        expect(read).toEqual(transaction);
        expect(toHex(serializeTransaction(read, { witness: true }))).toBe(toHex(bytes));
        const stripped = parseTransaction(serializeTransaction(transaction, { witness: false }));
        expect(stripped.inputs.every(({ witness }) => witness.length === 0)).toBe(true);
        expect(stripped.outputs.map(({ value }) => value)).toEqual(transaction.outputs.map(({ value }) => value));
        expect(toHex(txidOf(stripped))).toBe(toHex(txidOf(transaction)));
      }),
    );
  });
});
