import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reversed } from "../../src/core/bytes.ts";
import { createNonceScanner, type NonceScanner } from "../../src/sharecore/index.ts";
import { CORE_BUILD } from "./core-build.ts";
import { GENESIS, minedFields, REAL_BLOCKS } from "./real-blocks.ts";
import { bytesOf, EASIEST, HARDEST, plus } from "./share-samples.ts";

/** A target that one hash in 256 meets. */
const OFTEN = new Uint8Array(32).fill(0xff).with(31, 0);

describe.each(["js", "wasm"] as const)("the nonce scanner, %s", (backend) => {
  const open = (): NonceScanner => createNonceScanner({ backend, ...CORE_BUILD });

  it.each(REAL_BLOCKS)("finds the nonce of $name at any place of a range", (block) => {
    const scanner = open();
    const { nonce } = minedFields(block);
    const hash = reversed(Buffer.from(block.hash, "hex"));
    scanner.init(block.header, hash);
    for (const before of [0, 1, 2, 3, 4, 7, 50]) {
      expect(scanner.scan(nonce - before, before + 1)).toBe(nonce);
      expect(scanner.scan(nonce - before, before + 9)).toBe(nonce);
      expect(scanner.scan(nonce - before, before)).toBeUndefined();
    }
    scanner.init(block.header, plus(hash, -1n));
    expect(scanner.scan(nonce - 5, 10)).toBeUndefined();
  });

  it("does not read the nonce of the given header, and keeps its own copy of header and target", () => {
    const scanner = open();
    const header = GENESIS.header.slice();
    const target = reversed(Buffer.from(GENESIS.hash, "hex"));
    header.fill(0xab, 76);
    scanner.init(header, target);
    header.fill(0);
    target.fill(0);
    const { nonce } = minedFields(GENESIS);
    expect(scanner.scan(nonce - 2, 5)).toBe(nonce);
  });

  it("reaches the last nonce and not past it", () => {
    const scanner = open();
    scanner.init(GENESIS.header, EASIEST);
    expect(scanner.scan(0xffff_ffff, 1)).toBe(0xffff_ffff);
    expect(scanner.scan(0xffff_ffff, 0)).toBeUndefined();
    expect(scanner.scan(0, 2 ** 32)).toBe(0);
    for (const [start, count] of [
      [0xffff_ffff, 2],
      [2 ** 32, 1],
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      expect(() => scanner.scan(start, count)).toThrow(RangeError);
    }
    scanner.init(GENESIS.header, HARDEST);
    expect(scanner.scan(0xffff_fffa, 6)).toBeUndefined();
  });

  it("needs a header of 80 bytes and a target of 32 first", () => {
    const scanner = open();
    expect(() => scanner.scan(0, 1)).toThrow("init");
    for (const length of [79, 81]) expect(() => scanner.init(new Uint8Array(length), EASIEST)).toThrow(RangeError);
    for (const length of [31, 33]) {
      expect(() => scanner.init(GENESIS.header, new Uint8Array(length))).toThrow(RangeError);
    }
  });

  it("works beside others in the same thread", () => {
    const [one, other] = [open(), open()];
    one.init(GENESIS.header, reversed(Buffer.from(GENESIS.hash, "hex")));
    other.init(bytesOf(1, 80), EASIEST);
    expect(other.scan(5, 1)).toBe(5);
    const { nonce } = minedFields(GENESIS);
    expect(one.scan(nonce - 1, 4)).toBe(nonce);
  });
});

describe("the nonce scanners", () => {
  it("find the same nonces in any header", () => {
    const [plain, wasm] = [
      createNonceScanner({ backend: "js" }),
      createNonceScanner({ backend: "wasm", ...CORE_BUILD }),
    ];
    const u32 = fc.nat({ max: 0xffff_0000 });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 80, maxLength: 80 }),
        u32,
        fc.nat({ max: 600 }),
        (header, start, count) => {
          for (const scanner of [plain, wasm]) scanner.init(header, OFTEN);
          expect(wasm.scan(start, count)).toBe(plain.scan(start, count));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("are js or wasm", () => {
    const open = () => createNonceScanner({ backend: "gpu" as "js" });
    expect(open).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
