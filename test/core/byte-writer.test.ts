import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../../src/core/byte-reader.ts";
import { ByteWriter } from "../../src/core/byte-writer.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";

type Write = (writer: ByteWriter, value: number) => ByteWriter;
type Width = {
  readonly name: string;
  readonly write: Write;
  readonly allowed: readonly [number, string][];
  readonly refused: readonly number[];
};

const NO_INTEGERS = [0.5, Number.NaN, Number.POSITIVE_INFINITY];

const WIDTHS: readonly Width[] = [
  {
    name: "u8",
    write: (writer, value) => writer.u8(value),
    allowed: [
      [0, "00"],
      [0xf1, "f1"],
      [0xff, "ff"],
    ],
    refused: [-1, 0x100],
  },
  {
    name: "u16",
    write: (writer, value) => writer.u16(value),
    allowed: [
      [0, "0000"],
      [0xf201, "01f2"],
      [0xffff, "ffff"],
    ],
    refused: [-1, 0x1_0000],
  },
  {
    name: "u24",
    write: (writer, value) => writer.u24(value),
    allowed: [
      [0, "000000"],
      [0xf30201, "0102f3"],
      [0xffffff, "ffffff"],
    ],
    refused: [-1, 0x100_0000],
  },
  {
    name: "u32",
    write: (writer, value) => writer.u32(value),
    allowed: [
      [0, "00000000"],
      [0xf4030201, "010203f4"],
      [0xffffffff, "ffffffff"],
    ],
    refused: [-1, 0x1_0000_0000],
  },
  {
    name: "i32",
    write: (writer, value) => writer.i32(value),
    allowed: [
      [0, "00000000"],
      [-1, "ffffffff"],
      [-(2 ** 31), "00000080"],
      [2 ** 31 - 1, "ffffff7f"],
    ],
    refused: [-(2 ** 31) - 1, 2 ** 31],
  },
];

describe.each(WIDTHS)("ByteWriter.$name", ({ write, allowed, refused }) => {
  it.each(allowed)("writes %d as %s", (value, hex) => {
    expect(toHex(write(new ByteWriter(), value).finish())).toBe(hex);
  });

  it.each([...refused, ...NO_INTEGERS])("refuses %d, and writes nothing of it", (value) => {
    const writer = new ByteWriter().u8(0xaa);
    expect(() => write(writer, value)).toThrow(RangeError);
    expect(writer.length).toBe(1);
    expect(toHex(writer.u8(0xbb).finish())).toBe("aabb");
  });
});

describe("ByteWriter", () => {
  it("writes 64-bit integers little-endian, and refuses what is beyond them", () => {
    expect(toHex(new ByteWriter().u64(0xf807060504030201n).finish())).toBe("01020304050607f8");
    expect(toHex(new ByteWriter().u64(0xffffffffffffffffn).finish())).toBe("ffffffffffffffff");
    const writer = new ByteWriter();
    expect(() => writer.u64(-1n)).toThrow(RangeError);
    expect(() => writer.u64(1n << 64n)).toThrow(RangeError);
    expect(writer.length).toBe(0);
  });

  it("writes floats little-endian, what is no number too", () => {
    expect(toHex(new ByteWriter().f32(-2.5).f32(Number.POSITIVE_INFINITY).f32(Number.NaN).finish())).toBe(
      "000020c00000807f0000c07f",
    );
  });

  it.each([0, 1, 7])("grows from %d bytes without losing what was written", (capacity) => {
    const writer = new ByteWriter(capacity).u8(1).u16(2).u24(3).u32(4).u64(5n).f32(1).i32(-2).put(fromHex("cafe"));
    expect(toHex(writer.finish())).toBe("01020003000004000000050000000000000000" + "00803ffeffffffcafe");
    expect(writer.length).toBe(28);
  });

  it("hands out copies: what is written later changes nothing in them, nor they in it", () => {
    const writer = new ByteWriter(4).u8(1);
    const first = writer.finish();
    first[0] = 9;
    expect(toHex(writer.u8(2).finish())).toBe("0102");
    expect(toHex(first)).toBe("09");
  });

  it("copies the runs that are put into it", () => {
    const run = fromHex("aabb");
    const writer = new ByteWriter().put(run).put(new Uint8Array(0));
    run[0] = 0;
    expect(toHex(writer.finish())).toBe("aabb");
  });

  it("writes what ByteReader reads back, whatever the order of the fields", () => {
    const field = fc.oneof(
      fc.record({ kind: fc.constant("u8" as const), value: fc.nat({ max: 0xff }) }),
      fc.record({ kind: fc.constant("u16" as const), value: fc.nat({ max: 0xffff }) }),
      fc.record({ kind: fc.constant("u24" as const), value: fc.nat({ max: 0xffffff }) }),
      fc.record({ kind: fc.constant("u32" as const), value: fc.nat({ max: 0xffffffff }) }),
      fc.record({ kind: fc.constant("i32" as const), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
      fc.record({ kind: fc.constant("f32" as const), value: fc.float() }),
    );
    fc.assert(
      fc.property(fc.array(field), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (fields, last) => {
        const writer = new ByteWriter(0);
        for (const { kind, value } of fields) writer[kind](value);
        const reader = new ByteReader(writer.u64(last).finish());
        for (const { kind, value } of fields) expect(reader[kind]()).toBe(value);
        expect(reader.u64()).toBe(last);
        expect(reader.left).toBe(0);
      }),
    );
  });
});
