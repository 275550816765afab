import { describe, expect, it } from "vitest";
import { chainInfoOf } from "../../src/templates/rpc-chain-info.ts";
import { TIP_A } from "./rpc-gbt.ts";

const INFO = { chain: "main", blocks: 900_000, bestblockhash: TIP_A, initialblockdownload: false };
const LABEL = "http://127.0.0.1:8332";

describe("what a node says of its chain", () => {
  it("is its tip, and that one's height", () => {
    expect(chainInfoOf(INFO, { label: LABEL, network: "main" })).toEqual({ tip: TIP_A, height: 900_000 });
  });

  it("is the work behind its tip, where it says that", () => {
    const work = (chainwork: unknown): bigint | undefined =>
      chainInfoOf({ ...INFO, chainwork }, { label: LABEL, network: "main" }).work;
    expect(work(`${"0".repeat(40)}c0ffee000000000000000001`)).toBe(0xc0ffee000000000000000001n);
    expect(work("f".repeat(64))).toBe(2n ** 256n - 1n);
    for (const other of [undefined, 7, "", "0x10", "f".repeat(65)]) expect(work(other)).toBeUndefined();
  });

  it.each([
    ["no object", "main"],
    ["nothing", null],
    ["without a chain", { ...INFO, chain: undefined }],
    ["without a height", { ...INFO, blocks: undefined }],
    ["with a height that is text", { ...INFO, blocks: "900000" }],
    ["without a tip", { ...INFO, bestblockhash: undefined }],
    ["with a tip that is no hash", { ...INFO, bestblockhash: TIP_A.slice(1) }],
  ])("%s is no answer", (_, result) => {
    expect(() => chainInfoOf(result, { label: LABEL, network: "main" })).toThrow(
      expect.objectContaining({
        code: "rpc-answer-invalid",
        message: `the node at ${LABEL} does not say which chain it has, and up to where`,
      }),
    );
  });

  it.each(["main", "testnet4"] as const)("on %s is of no use before the chain is downloaded", (network) => {
    const info = { ...INFO, chain: network, initialblockdownload: true };
    expect(() => chainInfoOf(info, { label: LABEL, network })).toThrow("is still downloading the chain (block 900000)");
    // Only Bitcoin Core says so.
    const older = { ...INFO, chain: network, initialblockdownload: undefined };
    expect(chainInfoOf(older, { label: LABEL, network }).height).toBe(900_000);
  });

  it("on regtest is good though nothing was mined for a day, which Bitcoin Core takes for a download", () => {
    const info = { ...INFO, chain: "regtest", initialblockdownload: true };
    expect(chainInfoOf(info, { label: LABEL, network: "regtest" }).tip).toBe(TIP_A);
  });

  it("is shown on one line where its network is not the pool's", () => {
    expect(() => chainInfoOf({ ...INFO, chain: "ma\nin" }, { label: LABEL, network: "main" })).toThrow(
      'is on the network "ma in", the pool on "main"',
    );
  });
});
