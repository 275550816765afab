import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TransactionReader } from "../../src/templates/rpc-transactions.ts";
import { templateFromGbt } from "../../src/templates/template-from-gbt.ts";
import { type GbtTransaction, gbt, plainTransaction, witnessTransaction } from "./rpc-gbt.ts";

function read(changes: Readonly<Record<string, unknown>>): ReturnType<typeof templateFromGbt>["template"] {
  const context = { source: "rpc:here", network: "regtest", receivedAtMs: 1, reader: new TransactionReader() } as const;
  return templateFromGbt(gbt(changes), context).template;
}

/** Of so many satoshi in fees, weight units and sigops; told apart by its lock time. */
function filling(lockTime: number, figures: { fee?: number; weight?: number; sigops?: number }): GbtTransaction {
  return { ...witnessTransaction(lockTime), ...figures };
}

describe("a template whose transactions leave no room for header and coinbase", () => {
  const coinbasevalue = 5_000_000_600;
  const large = (weight: number): GbtTransaction[] => [
    filling(1, { fee: 100, weight: 1_000, sigops: 4 }),
    filling(2, { fee: 200, weight: weight - 1_500, sigops: 4 }),
    filling(3, { fee: 300, weight: 500, sigops: 4 }),
  ];

  it("is taken whole up to the last weight unit that is free, and without its last transactions from there on", () => {
    const whole = read({ transactions: large(3_998_000), coinbasevalue });
    expect(whole).toMatchObject({ leftOut: 0, coinbaseValue: 5_000_000_600n });
    expect(whole.transactions).toHaveLength(3);
    const cut = read({ transactions: large(3_998_001), coinbasevalue });
    expect(cut).toMatchObject({ leftOut: 1, coinbaseValue: 5_000_000_300n });
    expect(cut.transactions).toEqual(whole.transactions.slice(0, 2));
  });

  it("has the merkle path and the witness commitment of what is left", () => {
    const [first, second] = large(3_998_001) as [GbtTransaction, GbtTransaction, GbtTransaction];
    const cut = read({ transactions: large(3_998_001), coinbasevalue });
    expect(cut.merklePath).toEqual(read({ transactions: [first, second] }).merklePath);
    const hashed = (...parts: Uint8Array[]): Buffer => {
      const once = createHash("sha256").update(Buffer.concat(parts)).digest();
      return createHash("sha256").update(once).digest();
    };
    const wtxid = (one: GbtTransaction): Buffer => hashed(Buffer.from(one.data, "hex"));
    const zeros = new Uint8Array(32);
    const root = hashed(hashed(zeros, wtxid(first)), hashed(wtxid(second), wtxid(second)));
    const commitment = Buffer.concat([Buffer.from("6a24aa21a9ed", "hex"), hashed(root, zeros)]);
    expect(Buffer.from(cut.witnessCommitment ?? [])).toEqual(commitment);
    expect(read({ transactions: large(3_000), coinbasevalue }).witnessCommitment).toEqual(
      new Uint8Array(Buffer.from(`6a24aa21a9ed${"e2".repeat(32)}`, "hex")),
    );
  });

  it("is cut by signature operations as well", () => {
    const transactions = (sigops: number) => [filling(1, { fee: 1, sigops: 79_000 }), filling(2, { fee: 2, sigops })];
    expect(read({ transactions: transactions(900) }).leftOut).toBe(0);
    expect(read({ transactions: transactions(901) })).toMatchObject({ leftOut: 1, coinbaseValue: 4_999_999_998n });
  });

  it("is cut by the node's own limits where those are narrower, and never by wider ones", () => {
    const transactions = large(10_000);
    expect(read({ transactions, coinbasevalue, weightlimit: 12_000 }).leftOut).toBe(0);
    expect(read({ transactions, coinbasevalue, weightlimit: 11_999 }).leftOut).toBe(1);
    expect(read({ transactions, coinbasevalue, sigoplimit: 111 }).leftOut).toBe(1);
    expect(read({ transactions, coinbasevalue, weightlimit: undefined, sigoplimit: undefined }).leftOut).toBe(0);
    expect(read({ transactions: large(3_998_001), coinbasevalue, weightlimit: 8_000_000 }).leftOut).toBe(1);
  });

  it("loses all of them where none has room", () => {
    const empty = read({ transactions: large(5_000), coinbasevalue, weightlimit: 2_999 });
    expect(empty).toMatchObject({ leftOut: 3, transactions: [], merklePath: [], coinbaseValue: 5_000_000_000n });
  });

  it("is weighed by its bytes where the node does not say what they weigh", () => {
    // 60 bytes: 240. With a witness 67 bytes, 60 of them bare: 247.
    const transactions = [
      { ...plainTransaction(1), fee: 1 },
      { ...witnessTransaction(2), fee: 2 },
    ];
    expect(read({ transactions, weightlimit: 2_487 }).leftOut).toBe(0);
    expect(read({ transactions, weightlimit: 2_486 }).leftOut).toBe(1);
    expect(read({ transactions, weightlimit: 2_239 }).leftOut).toBe(2);
  });

  it("is refused where nobody knows what the transactions would have paid that are left out", () => {
    const transactions = [filling(1, { weight: 3_999_000 })];
    expect(() => read({ transactions })).toThrow("it leaves no room for a coinbase, and does not name all fees");
    const dear = [filling(1, { weight: 10 }), filling(2, { weight: 3_999_000, fee: 9 })];
    expect(() => read({ transactions: dear, coinbasevalue: 8 })).toThrow("coinbasevalue is less than the fees");
  });
});

describe("a template", () => {
  it.each(["00000000", "20000000", "03000000", "1d800001", "ff00ffff", "2300ffff"])(
    "of bits %s, which no hash can meet, is refused",
    (bits) => {
      expect(() => read({ bits, target: undefined })).toThrow("bits is not a target above 0");
      expect(() => read({ bits, target: "00".repeat(32) })).toThrow("bits is not a target above 0");
    },
  );

  it("may be of the hardest bits there are", () => {
    expect(read({ bits: "03000001", target: undefined }).bits).toBe(0x03000001);
  });

  it("may pay all the money there will ever be, and no more", () => {
    // Without its fee nobody knows what a block may pay besides.
    const transactions = [plainTransaction()];
    expect(read({ transactions, coinbasevalue: 2_100_000_000_000_000 }).coinbaseValue).toBe(2_100_000_000_000_000n);
    expect(() => read({ transactions, coinbasevalue: 2_100_000_000_000_001 })).toThrow(
      "coinbasevalue is not an integer from 0 to 2100000000000000",
    );
  });

  it("whose transaction with a witness is cut off is refused with its place", () => {
    const whole = witnessTransaction();
    const cut = { ...whole, data: whole.data.slice(0, 60) };
    expect(() => read({ transactions: [plainTransaction(), cut] })).toThrow(
      expect.objectContaining({
        code: "template-invalid",
        message: "the node's template cannot be used: transactions[1].data is not a transaction",
      }),
    );
  });
});
