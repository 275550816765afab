import { describe, expect, it } from "vitest";
import { buildCoinbase, completeCoinbase, MAX_SCRIPT_SIG_BYTES } from "../../src/bitcoin/coinbase.ts";
import { payoutOutputs } from "../../src/mining/payout.ts";
import { createPayoutPolicy } from "../../src/mining/payout-policy.ts";
import { RESERVED_SIGOPS_COST, RESERVED_WEIGHT } from "../../src/templates/block-room.ts";

/** Bare bytes count four times: the header, and the number of transactions in three bytes. */
const AROUND_WEIGHT = 4 * (80 + 3);
/** No kind of address has a longer output script. */
const LONGEST_SCRIPT = new Uint8Array(42).fill(1);
/** Its script is made longer below. */
const MINER = "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6";

describe("the largest coinbase of a job", () => {
  it("fits with the header into what templates keep free, and so do its signature operations", () => {
    const payoutOf = createPayoutPolicy({
      mode: "solo",
      network: "regtest",
      poolScript: LONGEST_SCRIPT,
      feePercent: 1,
    });
    const payout = payoutOf(MINER);
    if (payout === "unknown-user") throw new Error(payout);
    const outputs = payoutOutputs({ ...payout, script: LONGEST_SCRIPT.map(() => 2) }, 5_000_000_000n);
    const extranonceSize = 24;
    const heightBytes = 6;
    const halves = buildCoinbase({
      height: 499_999_999,
      poolTag: "x".repeat(MAX_SCRIPT_SIG_BYTES - heightBytes - extranonceSize - 1),
      extranonceSize,
      outputs,
      witnessCommitment: new Uint8Array(38),
    });
    const extranonce = new Uint8Array(extranonceSize);
    const [bare, whole] = [false, true].map((witness) => completeCoinbase({ ...halves, extranonce, witness }).length);
    expect(outputs).toHaveLength(2);
    expect(AROUND_WEIGHT + 3 * (bare ?? 0) + (whole ?? 0)).toBeLessThanOrEqual(RESERVED_WEIGHT);
    // A key's hash is the most that an address makes checked: one operation of cost 4.
    expect(4 * outputs.length).toBeLessThanOrEqual(RESERVED_SIGOPS_COST);
  });
});
