import { describe, expect, it } from "vitest";
import { readCompactSize, writeCompactSize } from "../../src/bitcoin/compact-size.ts";
import { BitcoinError } from "../../src/bitcoin/errors.ts";
import { ByteReader, OutOfBytesError } from "../../src/core/byte-reader.ts";
import { ByteWriter } from "../../src/core/byte-writer.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";

const read = (hex: string): number => readCompactSize(new ByteReader(fromHex(hex)));

describe("CompactSize", () => {
  it.each([
    [0, "00"],
    [1, "01"],
    [252, "fc"],
    [253, "fdfd00"],
    [254, "fdfe00"],
    [255, "fdff00"],
    [256, "fd0001"],
    [0xffff, "fdffff"],
    [0x1_0000, "fe00000100"],
    [0x0403_0201, "fe01020304"],
    [0xffff_ffff, "feffffffff"],
  ])("%d is %s, written and read", (value, hex) => {
    const writer = new ByteWriter();
    writeCompactSize(writer, value);
    expect(toHex(writer.finish())).toBe(hex);
    const reader = new ByteReader(fromHex(`${hex}aa`));
    expect(readCompactSize(reader)).toBe(value);
    expect(reader.left).toBe(1);
  });

  it.each(["fd0000", "fdfc00", "fe00000000", "fefd000000", "feffff0000"])(
    "%s is refused: a shorter form exists",
    (hex) => {
      expect(() => read(hex)).toThrow(BitcoinError);
      expect(() => read(hex)).toThrow("not in its shortest form");
    },
  );

  it.each(["ff0000000001000000", "ffffffffffffffffff", "ff0100000000000000", "ff"])(
    "%s is refused: no count of anything has more than 32 bits",
    (hex) => {
      expect(() => read(hex)).toThrow(BitcoinError);
      expect(() => read(hex)).toThrow("more than 32 bits");
    },
  );

  it.each(["", "fd", "fdff", "fe", "fe000001"])("%j ends too early", (hex) => {
    expect(() => read(hex)).toThrow(OutOfBytesError);
  });

  it.each([-1, 0.5, 253.5, 65_536.5, 0x1_0000_0000, Number.NaN])("%d is not written", (value) => {
    expect(() => writeCompactSize(new ByteWriter(), value)).toThrow(RangeError);
  });
});
