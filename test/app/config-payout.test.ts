import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/app/config.ts";
import { parseConfig } from "../../src/app/config-sources.ts";

const NOWHERE = join(tmpdir(), "adit-no-such-folder");
const NODE = { ADIT_NODE__0__RPC_URL: "http://127.0.0.1:1" };
const ADDRESS = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT";

function payoutOf(environment: Record<string, string>) {
  const all = { ADIT_DATA_DIR: NOWHERE, ...environment };
  return loadConfig({ flags: [], configFile: undefined, environment: all }).payout;
}

function feeOf(text: string): unknown {
  return parseConfig(`[payout]\nfee_percent = ${text}\n`, "a file").get("payout.fee_percent");
}

describe("payout.fee_percent", () => {
  it.each(["0", "0.01", "0.1", "1", "2.55", "49.99", "50"])("may be %s", (text) => {
    expect(feeOf(text)).toBe(Number(text));
  });

  it.each(["-0.01", "50.01", "51", "100", "0.005", "1.001", "1e-7", "nan", "inf", '"1"', "true"])(
    "may not be %s",
    (text) => {
      expect(() => feeOf(text)).toThrow("but a number from 0 to 50, with two decimals at most is needed");
    },
  );
});

describe("a payout", () => {
  it("goes to the pool, without a fee, unless something else is said", () => {
    expect(payoutOf({})).toEqual({ address: "", mode: "pool", feePercent: 0 });
  });

  it("has the mode and the fee that are said", () => {
    const said = { ADIT_PAYOUT__MODE: "solo", ADIT_PAYOUT__FEE_PERCENT: "1.5", ADIT_PAYOUT__ADDRESS: ADDRESS };
    expect(payoutOf({ ...NODE, ...said })).toEqual({ address: ADDRESS, mode: "solo", feePercent: 1.5 });
  });

  it("needs no address of the pool where all of it is the miner's", () => {
    expect(payoutOf({ ...NODE, ADIT_PAYOUT__MODE: "solo" })).toEqual({ address: "", mode: "solo", feePercent: 0 });
  });

  it.each([{ ADIT_PAYOUT__MODE: "identity" }, { ADIT_PAYOUT__MODE: "solo", ADIT_PAYOUT__FEE_PERCENT: "1" }])(
    "of the simulated node needs no address in any mode: %j",
    (said) => {
      expect(payoutOf(said).address).toBe("");
    },
  );

  it.each(["pool", "solo", "identity"])("of mode %s has no address that is wrong, though it may have none", (mode) => {
    const said = { ADIT_PAYOUT__MODE: mode, ADIT_PAYOUT__ADDRESS: `${ADDRESS}x` };
    expect(() => payoutOf(said)).toThrow("is no address of network main");
  });
});
