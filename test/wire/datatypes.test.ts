import { describe, expect, it } from "vitest";
import { ByteReader } from "../../src/core/byte-reader.ts";
import { ByteWriter } from "../../src/core/byte-writer.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import type { Datatype } from "../../src/wire/datatypes.ts";
import * as types from "../../src/wire/datatypes.ts";

function bytesOf<T>(type: Datatype<T>, value: T): Uint8Array {
  const writer = new ByteWriter(1);
  type.write(writer, value);
  return writer.finish();
}

function written<T>(type: Datatype<T>, value: T): string {
  return toHex(bytesOf(type, value));
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);

// biome-ignore lint/suspicious/noExplicitAny: one table for values of all types
const CASES: readonly (readonly [string, Datatype<any>, unknown, string])[] = [
  ["bool", types.bool, true, "01"],
  ["u8", types.u8, 0xff, "ff"],
  ["u16", types.u16, 0x0102, "0201"],
  ["u24", types.u24, 0x010203, "030201"],
  ["u32", types.u32, 0xfffffffe, "feffffff"],
  ["u64", types.u64, 0x0102030405060708n, "0807060504030201"],
  ["f32", types.f32, 999_999_995_904, "a5d46853"],
  ["u256", types.u256, bytes(32), "5a".repeat(32)],
  ["mac", types.mac, bytes(16), "5a".repeat(16)],
  ["pubkey", types.pubkey, bytes(32), "5a".repeat(32)],
  ["signature", types.signature, bytes(64), "5a".repeat(64)],
  ["str0_255", types.str0_255, "é", "02c3a9"],
  ["b0_32", types.b0_32, bytes(2), "025a5a"],
  ["b0_255", types.b0_255, bytes(2), "025a5a"],
  ["b0_64k", types.b0_64k, bytes(2), "02005a5a"],
  ["b0_16m", types.b0_16m, bytes(2), "0200005a5a"],
  ["option, empty", types.option(types.u32), undefined, "00"],
  ["option", types.option(types.u32), 1, "0101000000"],
  ["seq0_255", types.seq0_255(types.u16), [1, 2], "0201000200"],
  ["seq0_64k", types.seq0_64k(types.u16), [1, 2], "020001000200"],
];

describe("a datatype of section 3.1", () => {
  it.each(CASES)("%s is written and read little-endian", (_name, type, value, hex) => {
    expect(written(type, value)).toBe(hex);
    expect(type.read(new ByteReader(fromHex(hex)))).toEqual(value);
  });

  it.each(CASES)("%s is refused where its bytes end early", (_name, type, _value, hex) => {
    const all = fromHex(hex);
    for (let length = 0; length < all.length; length += 1) {
      expect(() => type.read(new ByteReader(all.subarray(0, length)))).toThrow();
    }
  });

  it.each([
    ["b0_32", types.b0_32, 32],
    ["b0_255", types.b0_255, 255],
    ["b0_64k", types.b0_64k, 65_535],
    ["b0_16m", types.b0_16m, 16_777_215],
  ] as const)("%s holds its most bytes and not one more", (_name, type, most) => {
    expect(bytesOf(type, bytes(most)).length).toBe(type.maxBytes);
    expect(() => bytesOf(type, bytes(most + 1))).toThrow(RangeError);
  });

  it("b0_32 is refused with a longer length", () => {
    expect(() => types.b0_32.read(new ByteReader(fromHex(`21${"00".repeat(33)}`)))).toThrow(/longer than its type/);
  });

  it("str0_255 counts bytes, not characters", () => {
    expect(written(types.str0_255, `${"é".repeat(127)}a`)).toHaveLength(2 * 256);
    expect(() => written(types.str0_255, "é".repeat(128))).toThrow(RangeError);
  });

  it("str0_255 reads what is no UTF-8 as replacement characters", () => {
    expect(types.str0_255.read(new ByteReader(fromHex("02c328")))).toBe("\ufffd(");
  });

  it("option is refused with two elements", () => {
    expect(() => types.option(types.u8).read(new ByteReader(fromHex("020101")))).toThrow(/more than one/);
  });

  it("seq0_64k is refused before its elements are made, where they cannot be there", () => {
    expect(() => types.seq0_64k(types.u32).read(new ByteReader(fromHex("ffff00000000")))).toThrow(/past its message/);
  });

  it.each([
    ["seq0_255", types.seq0_255(types.u8), 255],
    ["seq0_64k", types.seq0_64k(types.u8), 65_535],
    ["seq0_64k of a field that allows fewer", types.seq0_64k(types.u8, 3), 3],
  ] as const)("%s holds its most elements and not one more", (_name, type, most) => {
    expect(bytesOf(type, new Array(most).fill(1)).length).toBe(type.maxBytes);
    expect(() => written(type, new Array(most + 1).fill(1))).toThrow(RangeError);
  });

  it.each([
    ["u8", types.u8, [-1, 256, 1.5, Number.NaN]],
    ["u16", types.u16, [-1, 65_536]],
    ["u24", types.u24, [-1, 16_777_216]],
    ["u32", types.u32, [-1, 4_294_967_296]],
  ] as const)("%s refuses to write what it cannot hold", (_name, type, values) => {
    for (const value of values) expect(() => written(type, value)).toThrow(RangeError);
  });

  it("u64 refuses to write what it cannot hold", () => {
    expect(() => written(types.u64, -1n)).toThrow(RangeError);
    expect(() => written(types.u64, 1n << 64n)).toThrow(RangeError);
  });
});
