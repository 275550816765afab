import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesEqual, compareLittleEndian256, concatBytes, fromHex, reversed, toHex } from "../../src/core/bytes.ts";

describe("hexadecimal", () => {
  it("is written in lower case and in memory order, each of the 256 bytes as two digits", () => {
    expect(toHex(new Uint8Array([0x00, 0x0f, 0xf0, 0xab, 0xff]))).toBe("000ff0abff");
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    expect(toHex(all)).toBe(Buffer.from(all).toString("hex"));
    expect(toHex(new Uint8Array(0))).toBe("");
  });

  it("is read in either case and back to the same bytes", () => {
    expect([...fromHex("00fFAb")]).toEqual([0x00, 0xff, 0xab]);
    expect(fromHex("")).toHaveLength(0);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => bytesEqual(fromHex(toHex(bytes)), bytes)));
  });

  it.each(["0", "000", "0g", "g0", "0x00", " 00", "00 ", "00\n", "-1", "+1", "1.", "é0"])("refuses %j", (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
  });
});

describe("reversed", () => {
  it("is a copy, and twice is the same", () => {
    const bytes = fromHex("010203");
    const back = reversed(bytes);
    expect(toHex(back)).toBe("030201");
    expect(toHex(bytes)).toBe("010203");
    expect(toHex(reversed(back))).toBe("010203");
  });

  it("reverses a view and nothing beside it", () => {
    const bytes = fromHex("aa0102bb");
    expect(toHex(reversed(bytes.subarray(1, 3)))).toBe("0201");
    expect(toHex(bytes)).toBe("aa0102bb");
  });
});

describe("concatBytes", () => {
  it("joins in order, with empty parts, none, and one", () => {
    expect(toHex(concatBytes(fromHex("01"), fromHex(""), fromHex("0203")))).toBe("010203");
    expect(concatBytes()).toHaveLength(0);
  });

  it("gives a new array, for one part too", () => {
    const part = fromHex("01");
    const joined = concatBytes(part);
    joined[0] = 9;
    expect(toHex(part)).toBe("01");
  });
});

describe("bytesEqual", () => {
  it("tells arrays apart by any byte and by their length", () => {
    expect(bytesEqual(fromHex("010203"), fromHex("010203"))).toBe(true);
    expect(bytesEqual(fromHex(""), fromHex(""))).toBe(true);
    for (const other of ["000203", "010003", "010200", "0102", "01020300", ""]) {
      expect(bytesEqual(fromHex("010203"), fromHex(other))).toBe(false);
      expect(bytesEqual(fromHex(other), fromHex("010203"))).toBe(false);
    }
  });
});

describe("compareLittleEndian256", () => {
  const of = (value: bigint): Uint8Array => reversed(fromHex(value.toString(16).padStart(64, "0")));

  it("lets the last byte decide before the first", () => {
    expect(compareLittleEndian256(of(1n << 248n), of(0xffn))).toBeGreaterThan(0);
    expect(compareLittleEndian256(of(0xffn), of(1n << 248n))).toBeLessThan(0);
    expect(compareLittleEndian256(of(1n), of(0n))).toBeGreaterThan(0);
    expect(compareLittleEndian256(of(0x80n), of(0x7fn))).toBeGreaterThan(0);
  });

  it("agrees with the integers, also where they differ by one", () => {
    const integer = fc.bigInt({ min: 0n, max: (1n << 256n) - 2n });
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        expect(Math.sign(compareLittleEndian256(of(a), of(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(compareLittleEndian256(of(a), of(a))).toBe(0);
        expect(compareLittleEndian256(of(a), of(a + 1n))).toBeLessThan(0);
        expect(compareLittleEndian256(of(a + 1n), of(a))).toBeGreaterThan(0);
      }),
    );
  });
});
