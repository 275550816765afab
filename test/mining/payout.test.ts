import { describe, expect, it } from "vitest";
import { payoutOutputs, payoutTo } from "../../src/mining/payout.ts";

const MINER = new Uint8Array([0x51]);
const OPERATOR = new Uint8Array([0x52]);

function payout(...basisPoints: readonly number[]) {
  return { key: "k", script: MINER, cuts: basisPoints.map((points) => ({ script: OPERATOR, basisPoints: points })) };
}

describe("payoutOutputs", () => {
  it("gives the whole reward to one script where nothing is cut", () => {
    expect(payoutOutputs(payout(), 312_500_000n)).toEqual([{ script: MINER, value: 312_500_000n }]);
  });

  it("puts the main output first and leaves it what the cuts do not take", () => {
    expect(payoutOutputs(payout(150), 312_500_000n)).toEqual([
      { script: MINER, value: 307_812_500n },
      { script: OPERATOR, value: 4_687_500n },
    ]);
  });

  it("rounds a cut down, and loses no satoshi", () => {
    expect(payoutOutputs(payout(3_333), 100n)).toEqual([
      { script: MINER, value: 67n },
      { script: OPERATOR, value: 33n },
    ]);
  });

  it("makes no output for a cut of less than a satoshi", () => {
    expect(payoutOutputs(payout(1), 9_999n)).toEqual([{ script: MINER, value: 9_999n }]);
  });

  it("takes every cut of the whole reward, not of what the one before left", () => {
    expect(payoutOutputs(payout(5_000, 2_500), 1_000n).map(({ value }) => value)).toEqual([250n, 500n, 250n]);
  });
});

describe("payoutTo", () => {
  const cut = { script: OPERATOR, basisPoints: 150 };

  it("pays the script, less the cuts", () => {
    expect(payoutTo(MINER, cut)).toMatchObject({ script: MINER, cuts: [cut] });
  });

  it("leaves out a cut for the script itself, which so has one output and the key of a payout without cuts", () => {
    expect(payoutTo(OPERATOR, cut)).toEqual(payoutTo(OPERATOR));
  });

  it("has another key for another script, another cut, another order of cuts", () => {
    const other = { script: new Uint8Array([0x53]), basisPoints: 150 };
    const payouts = [
      payoutTo(MINER),
      payoutTo(OPERATOR),
      payoutTo(MINER, cut),
      payoutTo(MINER, { ...cut, basisPoints: 151 }),
      payoutTo(MINER, other),
      payoutTo(MINER, cut, other),
      payoutTo(MINER, other, cut),
    ];
    expect(new Set(payouts.map(({ key }) => key)).size).toBe(payouts.length);
  });
});
