import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBlock } from "../../src/bitcoin/block.ts";
import { BitcoinError } from "../../src/bitcoin/errors.ts";
import { parseTransaction, serializeTransaction } from "../../src/bitcoin/transaction.ts";
import { OutOfBytesError } from "../../src/core/byte-reader.ts";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { AditError } from "../../src/core/errors.ts";

const VERSION = "02000000";
const LOCKTIME = "3fd10c00";
const INPUT = `${"11".repeat(32)}0500000002515200000000`;
const OUTPUT = "e80300000000000001" + "6a";
const PLAIN = `${VERSION}01${INPUT}01${OUTPUT}${LOCKTIME}`;
const WITNESS = `${VERSION}000102${INPUT}${INPUT}01${OUTPUT}${"00"}0203abcdef00${LOCKTIME}`;
const HEADER = "00".repeat(80);
const BLOCK = `${HEADER}03${PLAIN}${WITNESS}${PLAIN}`;

/** More transactions, inputs or bytes than any answer could hold. */
const LYING_COUNTS = ["feffffffff", "feffffff7f", "fe00000100", "fdffff", "fc"];

const parse = (hex: string): unknown => parseTransaction(fromHex(hex));

function refusal(read: () => unknown): AditError {
  try {
    read();
  } catch (error) {
    if (error instanceof AditError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("what these tests break", () => {
  it("is well-formed", () => {
    for (const hex of [PLAIN, WITNESS]) {
      expect(toHex(serializeTransaction(parseTransaction(fromHex(hex)), { witness: true }))).toBe(hex);
    }
    expect(parseBlock(fromHex(BLOCK)).transactions).toHaveLength(3);
  });
});

describe("a malformed transaction", () => {
  it.each([
    ["without witness", PLAIN],
    ["with witness", WITNESS],
  ])("%s is refused wherever it is cut off", (_form, hex) => {
    const bytes = fromHex(hex);
    for (let length = 0; length < bytes.length; length += 1) {
      const error = refusal(() => parseTransaction(bytes.subarray(0, length)));
      expect(["truncated-data", "malformed-transaction"]).toContain(error.code);
    }
  });

  it("is refused with anything behind it", () => {
    expect(refusal(() => parse(`${PLAIN}00`))).toMatchObject({ code: "malformed-transaction", details: { bytes: 1 } });
    expect(refusal(() => parse(WITNESS + WITNESS)).code).toBe("malformed-transaction");
  });

  it.each(LYING_COUNTS)("is refused before anything is allocated for a count of %s", (count) => {
    for (const hex of [
      `${VERSION}${count}${INPUT}01${OUTPUT}${LOCKTIME}`,
      `${VERSION}01${INPUT}${count}${OUTPUT}${LOCKTIME}`,
      `${VERSION}000101${INPUT}01${OUTPUT}${count}03abcdef${LOCKTIME}`,
    ]) {
      expect(refusal(() => parse(hex))).toMatchObject({
        code: "malformed-transaction",
        message: "a list reaches past its transaction",
      });
    }
  });

  it.each(LYING_COUNTS)("is refused for a script or witness item of length %s", (length) => {
    for (const hex of [
      `${VERSION}01${"11".repeat(32)}05000000${length}515200000000${"00".repeat(60)}`,
      `${VERSION}01${INPUT}01e803000000000000${length}6a${LOCKTIME}`,
      `${VERSION}000101${INPUT}01${OUTPUT}01${length}abcdef${LOCKTIME}`,
    ]) {
      expect(refusal(() => parse(hex))).toBeInstanceOf(OutOfBytesError);
    }
  });

  it.each([
    ["inputs", `${VERSION}fd0100${INPUT}01${OUTPUT}${LOCKTIME}`],
    ["outputs", `${VERSION}01${INPUT}fd0100${OUTPUT}${LOCKTIME}`],
    ["a script's bytes", `${VERSION}01${INPUT}01e803000000000000fe010000006a${LOCKTIME}`],
    ["witness items", `${VERSION}000101${INPUT}01${OUTPUT}fd010003abcdef${LOCKTIME}`],
    ["anything in 9 bytes", `${VERSION}ff0100000000000000${INPUT}01${OUTPUT}${LOCKTIME}`],
  ])("is refused for a number of %s in a longer form than it needs", (_what, hex) => {
    expect(refusal(() => parse(hex))).toBeInstanceOf(BitcoinError);
  });

  it.each([
    ["no inputs", `${VERSION}00${LOCKTIME}`],
    ["no inputs and an output", `${VERSION}0002${OUTPUT}${OUTPUT}${LOCKTIME}`],
    ["flag 0", `${VERSION}000001${INPUT}01${OUTPUT}00${LOCKTIME}`],
    ["flag 2", `${VERSION}000201${INPUT}01${OUTPUT}0103abcdef${LOCKTIME}`],
  ])("is refused with %s", (_what, hex) => {
    expect(refusal(() => parse(hex)).code).toBe("malformed-transaction");
  });

  // Bitcoin Core: "Superfluous witness record".
  it.each([
    ["one input without witness", `${VERSION}000101${INPUT}01${OUTPUT}00${LOCKTIME}`],
    ["two inputs without witness", `${VERSION}000102${INPUT}${INPUT}01${OUTPUT}0000${LOCKTIME}`],
    ["no inputs", `${VERSION}000100${"01"}${OUTPUT}${LOCKTIME}`],
  ])("is refused with marker and flag before %s", (_what, hex) => {
    expect(refusal(() => parse(hex)).message).toContain("marker and flag");
  });

  it("is refused with a typed error or read to the same bytes, whatever it is", () => {
    const near = fc.tuple(fc.constantFrom(PLAIN, WITNESS), fc.nat(), fc.nat({ max: 255 })).map(([hex, at, value]) => {
      const bytes = fromHex(hex);
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 120 })), (bytes) => {
        let read: ReturnType<typeof parseTransaction>;
        try {
          read = parseTransaction(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AditError);
          return;
        }
        expect(toHex(serializeTransaction(read, { witness: true }))).toBe(toHex(bytes));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a malformed block", () => {
  it("is refused wherever it is cut off", () => {
    const bytes = fromHex(BLOCK);
    for (let length = 0; length < bytes.length; length += 1) {
      const error = refusal(() => parseBlock(bytes.subarray(0, length)));
      expect(["truncated-data", "malformed-transaction"]).toContain(error.code);
    }
  });

  it("is refused with anything behind it", () => {
    expect(refusal(() => parseBlock(fromHex(`${BLOCK}00`)))).toMatchObject({
      code: "malformed-block",
      details: { bytes: 1 },
    });
  });

  it.each([...LYING_COUNTS, "04"])("is refused for a count of %s transactions that it does not have", (count) => {
    const bytes = fromHex(`${HEADER}${count}${PLAIN}${WITNESS}${PLAIN}`);
    expect(refusal(() => parseBlock(bytes))).toBeInstanceOf(OutOfBytesError);
  });

  it.each(["02", "00"])("is refused for a count of %s that leaves transactions over", (count) => {
    expect(refusal(() => parseBlock(fromHex(`${HEADER}${count}${PLAIN}${WITNESS}${PLAIN}`))).code).toBe(
      "malformed-block",
    );
  });

  it("is refused for a count in a longer form than it needs", () => {
    expect(() => parseBlock(concatBytes(fromHex(`${HEADER}fd0100`), fromHex(PLAIN)))).toThrow("shortest form");
  });
});
