import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, OutOfBytesError } from "../../src/core/byte-reader.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";

type Case = {
  readonly name: string;
  readonly bytes: string;
  readonly read: (reader: ByteReader) => unknown;
  readonly value: unknown;
  readonly ones: unknown;
};

/** Each byte differs and the highest bit is set, so that order and sign both show. */
const FIXED_WIDTH: readonly Case[] = [
  { name: "u8", bytes: "f1", read: (reader) => reader.u8(), value: 0xf1, ones: 0xff },
  { name: "u16", bytes: "01f2", read: (reader) => reader.u16(), value: 0xf201, ones: 0xffff },
  { name: "u24", bytes: "0102f3", read: (reader) => reader.u24(), value: 0xf30201, ones: 0xffffff },
  { name: "u32", bytes: "010203f4", read: (reader) => reader.u32(), value: 0xf4030201, ones: 0xffffffff },
  { name: "i32", bytes: "010203f4", read: (reader) => reader.i32(), value: 0xf4030201 - 2 ** 32, ones: -1 },
  {
    name: "u64",
    bytes: "01020304050607f8",
    read: (reader) => reader.u64(),
    value: 0xf807060504030201n,
    ones: 0xffffffffffffffffn,
  },
  { name: "f32", bytes: "000020c0", read: (reader) => reader.f32(), value: -2.5, ones: Number.NaN },
];

describe.each(FIXED_WIDTH)("ByteReader.$name", ({ bytes, read, value, ones }) => {
  const exact = fromHex(bytes);

  it("reads little-endian, exactly its width, at the buffer's end", () => {
    const reader = new ByteReader(exact);
    expect(read(reader)).toBe(value);
    expect(reader.offset).toBe(exact.length);
    expect(reader.left).toBe(0);
  });

  it("throws where one byte is missing, and stays where it was", () => {
    const reader = new ByteReader(exact.subarray(0, -1));
    expect(() => read(reader)).toThrow(OutOfBytesError);
    expect(reader.offset).toBe(0);
    expect(reader.left).toBe(exact.length - 1);
  });

  it("reads a view from the view's own beginning, and not past the view's end", () => {
    const larger = new Uint8Array(exact.length + 8).fill(0xee);
    larger.set(exact, 3);
    const reader = new ByteReader(larger.subarray(3, 3 + exact.length));
    expect(read(reader)).toBe(value);
    expect(() => read(reader)).toThrow(OutOfBytesError);
  });

  it("reads all ones as its highest or, where it is signed, as −1", () => {
    expect(read(new ByteReader(new Uint8Array(exact.length).fill(0xff)))).toBe(ones);
  });
});

describe("ByteReader", () => {
  it("gives runs as views of the buffer and not as copies", () => {
    const bytes = fromHex("aabbccdd");
    const reader = new ByteReader(bytes);
    reader.u8();
    const run = reader.take(2);
    bytes[1] = 0x11;
    expect(toHex(run)).toBe("11cc");
    expect(reader.left).toBe(1);
  });

  it("takes all that is left, then nothing more, and an empty run anywhere", () => {
    const reader = new ByteReader(fromHex("aabb"));
    expect(reader.take(2)).toHaveLength(2);
    expect(reader.take(0)).toHaveLength(0);
    expect(() => reader.take(1)).toThrow(OutOfBytesError);
  });

  it("refuses a run that is one byte too long, and a huge one, with the facts", () => {
    for (const wantedBytes of [3, 0xffffffff, 2 ** 53]) {
      const reader = new ByteReader(fromHex("aabb"));
      expect(() => reader.take(wantedBytes)).toThrow(
        expect.objectContaining({
          code: "truncated-data",
          disposition: { kind: "disconnect" },
          details: { wantedBytes, leftBytes: 2 },
        }),
      );
      expect(toHex(reader.take(2))).toBe("aabb");
    }
  });

  it("reads any cut of any bytes without passing the end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat({ max: 12 })), (bytes, lengths) => {
        const reader = new ByteReader(bytes);
        const seen: number[] = [];
        for (const length of lengths) {
          if (length > bytes.length - seen.length) expect(() => reader.take(length)).toThrow(OutOfBytesError);
          else seen.push(...reader.take(length));
        }
        expect(seen).toEqual([...bytes.subarray(0, seen.length)]);
        expect(reader.left).toBe(bytes.length - seen.length);
      }),
    );
  });
});
