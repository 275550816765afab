import { describe, expect, it } from "vitest";
import { type BlockPlace, blockPlaceOf } from "../../src/templates/rpc-block-place.ts";
import { TIP_A, TIP_B } from "./rpc-gbt.ts";

/** As Bitcoin Core prints it. */
const HEADER = {
  hash: TIP_A,
  confirmations: 1,
  height: 100,
  version: 536_870_912,
  versionHex: "20000000",
  merkleroot: "11".repeat(32),
  time: 1_700_000_050,
  mediantime: 1_700_000_010,
  nonce: 7,
  bits: "1d00ffff",
  difficulty: 1,
  chainwork: "22".repeat(32),
  nTx: 1,
  previousblockhash: TIP_B,
};

function read(answer: unknown): BlockPlace {
  return blockPlaceOf(answer, { label: "http://127.0.0.1:8332", hash: TIP_A });
}

describe("the place of a block in the node's chain", () => {
  it("is read from Bitcoin Core's answer, and from bcoin's, whose bits are a number", () => {
    const place = { hash: TIP_A, height: 100, confirmations: 1, bits: 0x1d00ffff, medianTime: 1_700_000_010 };
    expect(read(HEADER)).toEqual(place);
    expect(read({ ...HEADER, bits: 0x1d00ffff })).toEqual(place);
  });

  it("may be beside the best chain, at the first block, and at the last height and time that a block can follow", () => {
    expect(read({ ...HEADER, confirmations: -1, height: 0, mediantime: 0 })).toMatchObject({ confirmations: -1 });
    expect(read({ ...HEADER, height: 499_999_999, mediantime: 0xffff_fffe })).toMatchObject({ height: 499_999_999 });
  });

  it.each([
    null,
    "00000020",
    { ...HEADER, hash: TIP_B },
    { ...HEADER, hash: undefined },
    { ...HEADER, height: -1 },
    { ...HEADER, height: 500_000_000 },
    { ...HEADER, height: "100" },
    { ...HEADER, confirmations: -2 },
    { ...HEADER, confirmations: 0.5 },
    { ...HEADER, mediantime: undefined },
    { ...HEADER, mediantime: -1 },
    { ...HEADER, mediantime: 0xffff_ffff },
    { ...HEADER, bits: "1D00FFFF" },
    { ...HEADER, bits: "1d00fff" },
    { ...HEADER, bits: 2 ** 32 },
    { ...HEADER, bits: undefined },
  ])("is not read from %j", (answer) => {
    expect(() => read(answer)).toThrow(
      `the node at http://127.0.0.1:8332 does not say where the block ${TIP_A} stands`,
    );
  });
});
