import { describe, expect, it } from "vitest";
import { buildCoinbase } from "../../src/bitcoin/coinbase.ts";
import { PayoutWatch } from "../../src/client/payout-watch.ts";
import { fromHex } from "../../src/core/bytes.ts";
import type { NewExtendedMiningJob } from "../../src/wire/job-messages.ts";
import { extendedJob } from "./mining-conversation.ts";

/** Key hash of BIP173's example, its address on each network, and both old forms of the first block's key hash. */
const SCRIPT = "0014751e76e8199196d454941c45d1b3a323f1433bd6";
const MAIN = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
const TEST = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
const REGTEST = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const OLD_SCRIPT = "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac";
const OLD_MAIN = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
const OTHER = `0014${"cd".repeat(20)}`;

/** A job with those outputs and a witness commitment. */
function job(...outputs: (readonly [script: string, value: bigint])[]): NewExtendedMiningJob {
  const { prefix, suffix } = buildCoinbase({
    height: 900_000,
    poolTag: "/t/",
    extranonceSize: 16,
    outputs: outputs.map(([script, value]) => ({ script: fromHex(script), value })),
    witnessCommitment: fromHex(`6a24aa21a9ed${"bb".repeat(32)}`),
  });
  return { ...extendedJob(1, 1), coinbase_tx_prefix: prefix, coinbase_tx_suffix: suffix };
}

describe("a watch over payouts", () => {
  it("tells what a job pays, in order, without the outputs that have no value", () => {
    expect(new PayoutWatch("alice").look(job([SCRIPT, 300n], [OTHER, 0n], [OLD_SCRIPT, 7n]), 16)).toEqual([
      { script: SCRIPT, satoshi: "300" },
      { script: OLD_SCRIPT, satoshi: "7" },
    ]);
  });

  it("tells amounts to the satoshi, as large as they may be", () => {
    const value = 2n ** 64n - 1n;
    expect(new PayoutWatch("alice").look(job([SCRIPT, value]), 16)).toEqual([
      { script: SCRIPT, satoshi: "18446744073709551615" },
    ]);
  });

  it.each([
    [MAIN, SCRIPT, MAIN],
    [`${TEST}.rig1`, SCRIPT, TEST],
    [`${REGTEST}.rig1`, SCRIPT, REGTEST],
    [`sri/donate/5/${MAIN}/rig`, SCRIPT, MAIN],
    [`${OLD_MAIN}.rig`, OLD_SCRIPT, OLD_MAIN],
  ])("recognises the address in %s", (user, script, address) => {
    const outputs = new PayoutWatch(user).look(job([script, 300n], [OTHER, 5n]), 16);
    expect(outputs).toEqual([
      { script, satoshi: "300", address },
      { script: OTHER, satoshi: "5" },
    ]);
  });

  it("is silent while the same scripts are paid, whatever the amounts, and tells when others are", () => {
    const watch = new PayoutWatch("alice");
    expect(watch.look(job([SCRIPT, 300n]), 16)).toHaveLength(1);
    expect(watch.look(job([SCRIPT, 400n]), 16)).toBeUndefined();
    expect(watch.look(job([SCRIPT, 400n], [OTHER, 1n]), 16)).toHaveLength(2);
    expect(watch.look(job([OTHER, 1n], [SCRIPT, 400n]), 16)).toHaveLength(2);
    expect(watch.look(job([OTHER, 1n], [SCRIPT, 500n]), 16)).toBeUndefined();
    expect(watch.look(job(), 16)).toEqual([]);
    expect(watch.look(job([SCRIPT, 1n]), 16)).toHaveLength(1);
  });

  it("tells once that a coinbase cannot be read", () => {
    const watch = new PayoutWatch("alice");
    expect(watch.look(extendedJob(1, 1), 8)).toBeNull();
    expect(watch.look(job([SCRIPT, 300n]), 15)).toBeUndefined();
    expect(watch.look(job([SCRIPT, 300n]), 16)).toHaveLength(1);
    expect(watch.look(extendedJob(1, 1), 8)).toBeNull();
    expect(watch.look(job(), 16)).toEqual([]);
    expect(watch.look(extendedJob(1, 1), 8)).toBeNull();
  });
});
