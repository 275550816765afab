import { describe, expect, it } from "vitest";
import { TransactionReader } from "../../src/templates/rpc-transactions.ts";
import { templateFromGbt } from "../../src/templates/template-from-gbt.ts";
import { gbt, plainTransaction, witnessTransaction } from "./rpc-gbt.ts";

function read(changes: Readonly<Record<string, unknown>>): ReturnType<typeof templateFromGbt>["template"] {
  const context = { source: "rpc:here", network: "regtest", receivedAtMs: 1, reader: new TransactionReader() } as const;
  return templateFromGbt(gbt(changes), context).template;
}

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
