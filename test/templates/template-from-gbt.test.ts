import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Network } from "../../src/bitcoin/network.ts";
import { toHex } from "../../src/core/bytes.ts";
import { TemplateError } from "../../src/templates/errors.ts";
import { TransactionReader } from "../../src/templates/rpc-transactions.ts";
import { type GbtTemplate, templateFromGbt } from "../../src/templates/template-from-gbt.ts";
import { gbt, plainTransaction, witnessTransaction } from "./rpc-gbt.ts";

function read(answer: unknown, network: Network = "regtest", reader = new TransactionReader()): GbtTemplate {
  return templateFromGbt(answer, { source: "rpc:test", network, receivedAtMs: 123, reader });
}

function refusal(changes: Readonly<Record<string, unknown>>, network: Network = "regtest"): string {
  try {
    read(gbt(changes), network);
  } catch (error) {
    if (error instanceof TemplateError && error.code === "template-invalid") return error.message;
    throw error;
  }
  throw new Error("the template was taken");
}

function u256(hex: string): string {
  return hex.padStart(64, "0");
}

describe("a template from getblocktemplate", () => {
  it("has the fields of the answer, hashes in header order", () => {
    const transactions = [plainTransaction(), witnessTransaction()];
    const previousblockhash = `${"00".repeat(8)}${"ab".repeat(23)}cd`;
    const { template, longpollId } = read(gbt({ previousblockhash, transactions }));
    expect(template).toMatchObject({
      source: "rpc:test",
      height: 101,
      version: 0x20000000,
      bits: 0x207fffff,
      curTime: 1_700_000_100,
      minTime: 1_700_000_000,
      coinbaseValue: 5_000_000_000n,
      receivedAtMs: 123,
    });
    expect(toHex(template.prevHash)).toBe(`cd${"ab".repeat(23)}${"00".repeat(8)}`);
    expect(toHex(template.witnessCommitment ?? new Uint8Array())).toBe(`6a24aa21a9ed${"e2".repeat(32)}`);
    expect(template.transactions.map(({ data }) => toHex(data))).toEqual(transactions.map(({ data }) => data));
    expect(template.transactions.map(({ txid }) => toHex(txid.slice().reverse()))).toEqual(
      transactions.map(({ txid }) => txid),
    );
    expect(longpollId).toBe(`${previousblockhash}1`);
  });

  it("has the merkle path of the coinbase: the first sibling is the first transaction", () => {
    const transactions = [0, 1, 2].map((lockTime) => plainTransaction(lockTime));
    const { template } = read(gbt({ transactions }));
    expect(template.merklePath).toHaveLength(2);
    expect(toHex((template.merklePath[0] as Uint8Array).slice().reverse())).toBe(transactions[0]?.txid);
    expect(read(gbt()).template.merklePath).toEqual([]);
  });

  it.each([
    ["regtest", 148, 5_000_000_000n],
    ["regtest", 149, 2_500_000_000n],
    ["main", 839_998, 625_000_000n],
    ["main", 839_999, 312_500_000n],
  ] as const)("of %s at height %i says that an empty block after it may pay %i satoshi", (network, height, subsidy) => {
    const bits = network === "main" ? { bits: "1d00ffff", target: undefined } : {};
    expect(read(gbt({ height, ...bits }), network).template.nextSubsidy).toBe(subsidy);
  });

  it("is a plain value whose bytes are its own: a copy of it is equal and drags nothing along", () => {
    const { template } = read(gbt({ transactions: [plainTransaction()] }));
    expect(structuredClone(template)).toEqual(template);
    expect(template.transactions[0]?.data.buffer.byteLength).toBe(60);
  });

  it("takes a version that the node prints as negative", () => {
    expect(read(gbt({ version: -0x2000_0000 })).template.version).toBe(0xe000_0000);
  });

  it("needs no commitment where no transaction has a witness", () => {
    const { template } = read(gbt({ default_witness_commitment: undefined, transactions: [plainTransaction()] }));
    expect(template.witnessCommitment).toBeUndefined();
  });

  it("may come without longpollid, target, mutable, rules and coinbaseaux", () => {
    const bare = { longpollid: undefined, target: undefined, mutable: undefined, rules: undefined };
    expect(read(gbt({ ...bare, coinbaseaux: undefined })).longpollId).toBeUndefined();
  });

  it("takes bcoin's coinbaseaux", () => {
    expect(read(gbt({ coinbaseaux: { flags: "6d696e65642062792062636f696e" } })).template.height).toBe(101);
  });

  it.each([
    ["main", "1d00ffff", "1d010000"],
    ["testnet4", "1d00ffff", "1d010000"],
    ["regtest", "207fffff", "21008000"],
  ] as const)("on %s takes bits up to %s and none easier", (network, easiest, easier) => {
    expect(read(gbt({ bits: easiest, target: undefined }), network).template.bits).toBe(Number(`0x${easiest}`));
    expect(refusal({ bits: easier, target: undefined }, network)).toContain(`easier than ${network} allows`);
  });

  it("takes a target that is that of its bits", () => {
    const target = u256("404cb000000000000000000000000000000000000000000000000");
    expect(read(gbt({ bits: "1b0404cb", target })).template.bits).toBe(0x1b0404cb);
    expect(refusal({ bits: "1b0404cb", target: target.replace("404cb", "404cc") })).toContain("bits and target differ");
  });

  it.each([
    ["height", 1, 0],
    ["height", 500_000_000, 500_000_001],
    ["curtime", 0xffff_ffff, 0x1_0000_0000],
    ["mintime", 0, -1],
    ["mintime", 1_700_000_100, 1_700_000_101],
    ["version", -0x8000_0000, -0x8000_0001],
    ["version", 0xffff_ffff, 0x1_0000_0000],
    ["coinbasevalue", 0, -1],
    ["coinbasevalue", 5_000_000_000, 5_000_000_001],
    ["longpollid", "x".repeat(256), "x".repeat(257)],
  ])("takes %s %s and not %s", (name, last, past) => {
    expect(read(gbt({ [name]: last })).template.source).toBe("rpc:test");
    expect(refusal({ [name]: past })).toContain(name);
  });

  it.each([
    ["height", [undefined, null, "101", 1.5, Number.NaN, {}]],
    ["version", [undefined, "1", 1.5]],
    ["curtime", [undefined, "1", 0]],
    ["mintime", [undefined, "1"]],
    ["coinbasevalue", [undefined, "5000000000", 1.5, 2_100_000_000_000_001]],
    ["previousblockhash", [undefined, null, 1, "", "ab".repeat(31), "ab".repeat(33), "zz".repeat(32), "ı".repeat(64)]],
    ["bits", [undefined, 0x207fffff, "", "207fff", "207fffff00", "00000000", "20ffffff", "03000000", "0x207fff"]],
    ["target", [null, 1, "", "ff".repeat(32), "00".repeat(32)]],
    ["transactions", [undefined, null, {}, "[]"]],
    ["rules", [{}, [1], "csv"]],
    ["mutable", [{}, [1], []]],
    ["coinbaseaux", [null, [], "flags"]],
    ["longpollid", [1, {}]],
    ["default_witness_commitment", [null, "", "6a24aa21a9ed", `6a24aa21a9ee${"00".repeat(32)}`, "00".repeat(38)]],
  ])("is refused with the field's name where %s is wrong", (name, values) => {
    for (const value of values) expect(refusal({ [name]: value }), JSON.stringify(value)).toContain(name);
  });

  it.each([undefined, null, 1, "x", []])("is refused where the whole answer is %j", (answer) => {
    expect(() => read(answer)).toThrow("the answer is not an object");
  });

  it("is refused where it demands a rule that nobody knows, such as signet's", () => {
    expect(refusal({ rules: ["csv", "!signet"] })).toContain('the rule "!signet"');
    expect(read(gbt({ rules: ["signet", "unknown-but-optional"] })).template.height).toBe(101);
  });

  it("is refused where the miners may not change the time", () => {
    expect(refusal({ mutable: ["transactions"] })).toContain("mutable does not allow the time");
  });

  it("never brings anything but a template or a TemplateError, whatever one field holds", () => {
    const names = Object.keys(gbt());
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        try {
          read(gbt({ [name]: value }));
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      { examples: [["previousblockhash", { toString: [] }]] },
    );
  });
});

describe("the transactions of a template", () => {
  const first = { ...plainTransaction(1), fee: 300, sigops: 4, weight: 240 };
  const second = { ...witnessTransaction(2), fee: 200, sigops: 0, weight: 250 };

  it.each([
    ["data", [undefined, 1, "", "0", "zz", first.data.slice(2), `${first.data}00`, first.data.slice(0, -2)]],
    ["txid", [undefined, 1, "", "ab".repeat(32), first.txid.toUpperCase().slice(1), "zz".repeat(32)]],
    ["fee", [-1, "1", 1.5, null]],
    ["sigops", [-1, "1", 80_001]],
    ["weight", [-1, "1", 4_000_001]],
  ])("are refused where %s of one is wrong", (name, values) => {
    for (const value of values) {
      expect(() => read(gbt({ transactions: [first, { ...second, [name]: value }] })), JSON.stringify(value)).toThrow(
        TemplateError,
      );
    }
  });

  it("are refused where the txid counts the witness", () => {
    expect(refusal({ transactions: [{ ...second, txid: second.hash }] })).toContain("transactions[0].data");
  });

  it("are refused where one has a witness and the block no commitment", () => {
    const reason = refusal({ transactions: [second], default_witness_commitment: undefined });
    expect(reason).toContain("default_witness_commitment is missing");
  });

  it("may name their txid in capitals", () => {
    const transactions = [{ ...first, txid: first.txid.toUpperCase() }];
    expect(read(gbt({ transactions })).template.transactions).toHaveLength(1);
  });

  it("pay fees that are in the coinbase's value", () => {
    const transactions = [first, second];
    expect(read(gbt({ transactions, coinbasevalue: 500 })).template.coinbaseValue).toBe(500n);
    expect(refusal({ transactions, coinbasevalue: 499 })).toContain("less than the fees");
    expect(read(gbt({ transactions, coinbasevalue: 5_000_000_500 })).template.coinbaseValue).toBe(5_000_000_500n);
    expect(refusal({ transactions, coinbasevalue: 5_000_000_501 })).toContain("more than the fees");
  });

  it("leave the coinbase's value alone where a fee is not named", () => {
    const transactions = [first, { ...second, fee: undefined }];
    expect(read(gbt({ transactions, coinbasevalue: 6_000_000_000 })).template.coinbaseValue).toBe(6_000_000_000n);
  });

  it("weigh 4,000,000 together at most", () => {
    expect(read(gbt({ transactions: [first, { ...second, weight: 3_999_760 }] })).template.height).toBe(101);
    expect(refusal({ transactions: [first, { ...second, weight: 3_999_761 }] })).toContain("weigh more than");
  });

  it("have 80,000 sigops together at most", () => {
    expect(read(gbt({ transactions: [first, { ...second, sigops: 79_996 }] })).template.height).toBe(101);
    expect(refusal({ transactions: [first, { ...second, sigops: 79_997 }] })).toContain("sigops");
  });

  it("have 4,000,000 bytes together at most", () => {
    // 64 bytes around a script whose length takes 5.
    const weight = 400;
    const largest = { ...plainTransaction(0, 4_000_000 - 64 - 60), weight };
    expect(largest.data.length / 2 + 60).toBe(4_000_000);
    expect(read(gbt({ transactions: [plainTransaction(1), largest] })).template.transactions).toHaveLength(2);
    const past = { ...plainTransaction(0, 4_000_000 - 64 - 59), weight };
    expect(refusal({ transactions: [plainTransaction(1), past] })).toContain("more than 4000000 bytes");
  });

  it("are 16,666 at most", () => {
    const one = { ...plainTransaction(), weight: 200 };
    expect(read(gbt({ transactions: Array(16_666).fill(one) })).template.transactions).toHaveLength(16_666);
    expect(refusal({ transactions: Array(16_667).fill(one) })).toContain("more than 16666 transactions");
  });

  it("are decoded and hashed once as long as they stay in the template", () => {
    const reader = new TransactionReader();
    const before = read(gbt({ transactions: [first] }), "regtest", reader).template.transactions;
    const after = read(gbt({ transactions: [second, first] }), "regtest", reader).template.transactions;
    expect(after[1]).toBe(before[0]);
    read(gbt({ transactions: [second] }), "regtest", reader);
    const later = read(gbt({ transactions: [first] }), "regtest", reader).template.transactions;
    expect(later[0]).not.toBe(before[0]);
    expect(later).toEqual(before);
  });

  it("are not taken from the last template by a wrong name", () => {
    const reader = new TransactionReader();
    read(gbt({ transactions: [first] }), "regtest", reader);
    for (const change of [{ data: second.data }, { txid: second.txid }, { data: undefined }]) {
      expect(() => read(gbt({ transactions: [{ ...first, ...change }] }), "regtest", reader)).toThrow(TemplateError);
    }
  });
});
