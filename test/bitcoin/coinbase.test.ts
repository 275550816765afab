import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBlock } from "../../src/bitcoin/block.ts";
import { buildCoinbase, type CoinbaseOptions, completeCoinbase, heightScript } from "../../src/bitcoin/coinbase.ts";
import { BitcoinError } from "../../src/bitcoin/errors.ts";
import { parseTransaction, type Transaction } from "../../src/bitcoin/transaction.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";

const PAYOUT = `0014${"ab".repeat(20)}`;
const COMMITMENT = `6a24aa21a9ed${"cd".repeat(32)}`;

/** Block 840,000 (0x0cd140) with its subsidy and fees of 3.125 BTC (0x12a05f20). */
const OPTIONS: CoinbaseOptions = {
  height: 840_000,
  poolTag: "/adit/",
  extranonceSize: 16,
  outputs: [{ value: 312_500_000n, script: fromHex(PAYOUT) }],
  witnessCommitment: fromHex(COMMITMENT),
};

const PREFIX = [
  "02000000", // version 2
  `01${"00".repeat(32)}ffffffff`, // one input, of no transaction
  "1c", // scriptSig of 4 + 7 + 1 + 16 bytes
  "0340d10c", // BIP34 height
  "062f616469742f", // "/adit/"
  "10", // the extranonce's push
].join("");
const OUTPUTS = [
  "02", // two outputs
  `205fa01200000000${"16"}${PAYOUT}`,
  `0000000000000000${"26"}${COMMITMENT}`,
].join("");
const EXTRANONCE = "00112233445566778899aabbccddeeff";
const LOCKTIME = "3fd10c00"; // 839,999

function complete(options: CoinbaseOptions, witness: boolean): Uint8Array {
  return completeCoinbase({
    ...buildCoinbase(options),
    extranonce: new Uint8Array(options.extranonceSize).fill(0xee),
    witness,
  });
}

describe("the coinbase of a fixed template", () => {
  const halves = buildCoinbase(OPTIONS);

  it("has these bytes before and behind the extranonce, without BIP141's fields", () => {
    expect(toHex(halves.prefix)).toBe(PREFIX);
    expect(toHex(halves.suffix)).toBe(`feffffff${OUTPUTS}${LOCKTIME}`);
  });

  it("is completed as its txid wants it", () => {
    const bytes = completeCoinbase({ ...halves, extranonce: fromHex(EXTRANONCE), witness: false });
    expect(toHex(bytes)).toBe(`${PREFIX}${EXTRANONCE}feffffff${OUTPUTS}${LOCKTIME}`);
  });

  it("is completed as a block wants it: marker, flag, and one witness item of 32 zero bytes", () => {
    const bytes = completeCoinbase({ ...halves, extranonce: fromHex(EXTRANONCE), witness: true });
    const withMarker = `02000000${"0001"}${PREFIX.slice(8)}`;
    expect(toHex(bytes)).toBe(`${withMarker}${EXTRANONCE}feffffff${OUTPUTS}0120${"00".repeat(32)}${LOCKTIME}`);
  });

  it("changes neither half when it is completed", () => {
    completeCoinbase({ ...halves, extranonce: fromHex(EXTRANONCE), witness: true }).fill(0xff);
    expect(toHex(halves.prefix)).toBe(PREFIX);
    expect(toHex(halves.suffix)).toBe(`feffffff${OUTPUTS}${LOCKTIME}`);
  });

  it("has no output but the payouts where the block has no witness commitment", () => {
    const { suffix } = buildCoinbase({ ...OPTIONS, witnessCommitment: undefined });
    expect(toHex(suffix)).toBe(`feffffff01205fa0120000000016${PAYOUT}${LOCKTIME}`);
  });

  it("has no push for an empty tag", () => {
    const { prefix } = buildCoinbase({ ...OPTIONS, poolTag: "" });
    expect(toHex(prefix)).toBe(`${PREFIX.slice(0, 82)}150340d10c10`);
  });
});

describe("the coinbase's outputs", () => {
  it.each([0, 1, 252, 253, 600])("are all there, in order, with the commitment last: %d payouts", (count) => {
    const outputs = Array.from({ length: count }, (_, index) => ({
      value: BigInt(index),
      script: new Uint8Array(index % 300).fill(0x51),
    }));
    const parsed = parseTransaction(complete({ ...OPTIONS, outputs }, true));
    expect(parsed.outputs).toEqual([...outputs, { value: 0n, script: fromHex(COMMITMENT) }]);
  });

  it("hold 21 million bitcoin and nothing", () => {
    const outputs = [2_100_000_000_000_000n, 0n].map((value) => ({ value, script: fromHex(PAYOUT) }));
    expect(parseTransaction(complete({ ...OPTIONS, outputs }, false)).outputs.slice(0, 2)).toEqual(outputs);
  });
});

describe("the coinbase's scriptSig", () => {
  // Height 4, tag 1 + 40, extranonce 1 + n: 100 bytes at n = 54.
  const tag = "x".repeat(40);

  it("may have 100 bytes", () => {
    const [input] = parseTransaction(complete({ ...OPTIONS, poolTag: tag, extranonceSize: 54 }, false)).inputs;
    expect(toHex(input?.script ?? new Uint8Array(0))).toBe(`0340d10c28${"78".repeat(40)}36${"ee".repeat(54)}`);
  });

  it("may not have 101, and the error says by how much and what to do", () => {
    const wrong = (): unknown => buildCoinbase({ ...OPTIONS, poolTag: tag, extranonceSize: 55 });
    expect(wrong).toThrow(BitcoinError);
    expect(wrong).toThrow(expect.objectContaining({ code: "coinbase-invalid", details: { scriptBytes: 101 } }));
    expect(wrong).toThrow("would have 101 bytes and may have 100: shorten mining.pool_tag");
  });

  it("reaches 101 by the height alone, one block after 8,388,607", () => {
    const options = { ...OPTIONS, poolTag: tag, extranonceSize: 54 };
    expect(buildCoinbase({ ...options, height: 8_388_607 }).prefix).toHaveLength(42 + 46);
    expect(() => buildCoinbase({ ...options, height: 8_388_608 })).toThrow("would have 101 bytes");
  });

  it("counts a tag's bytes and not its characters", () => {
    expect(toHex(buildCoinbase({ ...OPTIONS, poolTag: "é" }).prefix)).toBe(`${PREFIX.slice(0, 82)}180340d10c02c3a910`);
  });

  it.each([
    ["a tag", { poolTag: "x".repeat(75), extranonceSize: 4 }, { poolTag: "x".repeat(76), extranonceSize: 4 }],
    ["an extranonce", { poolTag: "", extranonceSize: 75 }, { poolTag: "", extranonceSize: 76 }],
  ])("pushes %s of 75 bytes, and none of 76, though it would fit", (_part, right, wrong) => {
    expect(parseTransaction(complete({ ...OPTIONS, ...right }, false)).inputs).toHaveLength(1);
    expect(() => buildCoinbase({ ...OPTIONS, ...wrong })).toThrow("each may have 75");
    expect(() => buildCoinbase({ ...OPTIONS, ...wrong })).toThrow(
      expect.objectContaining({ code: "coinbase-invalid" }),
    );
  });
});

/** The two rules of BIP54 for a coinbase. */
function meetsBip54(coinbase: Transaction | undefined, height: number): boolean {
  return coinbase?.locktime === height - 1 && coinbase.inputs[0]?.sequence !== 0xffffffff;
}

describe("BIP54", () => {
  const cases: readonly {
    readonly block_chain: readonly string[];
    readonly valid: boolean;
    readonly comment: string;
  }[] = JSON.parse(readFileSync(new URL("../vectors/bitcoin-bip54-coinbases.json", import.meta.url), "utf8"));

  it.each(cases)("the BIP's own vector: $comment", ({ block_chain, valid }) => {
    const last = block_chain.length - 1;
    const { transactions } = parseBlock(fromHex(block_chain[last] ?? ""));
    expect(meetsBip54(transactions[0], last)).toBe(valid);
    // These blocks push something else than our OP_0 behind the height.
    expect(transactions[0]?.inputs[0]?.script[0]).toBe(heightScript(last)[0]);
  });

  it("is met at every height but 0, where nothing is to be locked", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fffffff }), fc.boolean(), (height, witness) => {
        const coinbase = parseTransaction(complete({ ...OPTIONS, height }, witness));
        expect(meetsBip54(coinbase, height)).toBe(true);
        expect(coinbase.inputs[0]?.sequence).toBe(0xfffffffe);
        expect(coinbase.version).toBe(2);
      }),
    );
    expect(parseTransaction(complete({ ...OPTIONS, height: 0 }, true)).locktime).toBe(0);
  });
});
