import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { type BlockHeader, HEADER_BYTES, hashHeader, parseHeader, serializeHeader } from "../../src/bitcoin/header.ts";
import { OutOfBytesError } from "../../src/core/byte-reader.ts";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";

/** Block 125,552, the example of Bitcoin's wiki, "Block hashing algorithm". */
const HEX =
  "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695";
const HEADER: BlockHeader = {
  version: 1,
  prevHash: reversed(fromHex("00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81")),
  merkleRoot: reversed(fromHex("2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3")),
  time: 1_305_998_791,
  bits: 0x1a44b9f2,
  nonce: 2_504_433_986,
};

describe("a block's header", () => {
  it("is written and read in these bytes", () => {
    expect(toHex(serializeHeader(HEADER))).toBe(HEX);
    expect(parseHeader(fromHex(HEX))).toEqual(HEADER);
    expect(HEX).toHaveLength(2 * HEADER_BYTES);
  });

  it("has the hash by which the block is known", () => {
    expect(toHex(reversed(hashHeader(HEADER)))).toBe(
      "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d",
    );
  });

  it("is the first 80 bytes, and 79 are none", () => {
    expect(parseHeader(fromHex(`${HEX}ffff`))).toEqual(HEADER);
    expect(() => parseHeader(fromHex(HEX).subarray(0, 79))).toThrow(OutOfBytesError);
  });

  it("is read as a copy, of a Buffer too", () => {
    for (const bytes of [fromHex(HEX), Buffer.from(HEX, "hex")]) {
      const header = parseHeader(bytes);
      bytes.fill(0);
      expect(header).toEqual(HEADER);
    }
  });

  it("of any 80 bytes is those bytes again, unsigned", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 80, maxLength: 80 }), (bytes) => {
        const header = parseHeader(bytes);
        expect(toHex(serializeHeader(header))).toBe(toHex(bytes));
        expect(header.version).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("is not written with a number beyond 32 bits", () => {
    for (const field of ["version", "time", "bits", "nonce"] as const) {
      expect(toHex(serializeHeader({ ...HEADER, [field]: 0xffffffff }))).toContain("ffffffff");
      expect(() => serializeHeader({ ...HEADER, [field]: 0x1_0000_0000 })).toThrow(RangeError);
      expect(() => serializeHeader({ ...HEADER, [field]: -1 })).toThrow(RangeError);
    }
  });
});

describe("sha256d", () => {
  it("is SHA-256 twice", () => {
    // The empty message, and "hello" as Bitcoin's wiki has it under "Protocol documentation".
    expect(toHex(sha256d(new Uint8Array(0)))).toBe("5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456");
    expect(toHex(sha256d(new TextEncoder().encode("hello")))).toBe(
      "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50",
    );
  });
});
