import { describe, expect, it } from "vitest";
import { type EarlyContext, earlyTemplate } from "../../src/templates/early-template.ts";
import type { BlockPlace } from "../../src/templates/rpc-block-place.ts";
import { TransactionReader } from "../../src/templates/rpc-transactions.ts";
import type { Template } from "../../src/templates/template.ts";
import { templateFromGbt } from "../../src/templates/template-from-gbt.ts";
import { gbt, plainTransaction, printed, TIP_B } from "./rpc-gbt.ts";

/** The node's last template, with transactions and fees. */
function lastAt(height: number, changes: Partial<Template> = {}): Template {
  const answer = gbt({ height, transactions: [plainTransaction()] });
  const context = { source: "rpc:test", network: "regtest", receivedAtMs: 1, reader: new TransactionReader() } as const;
  return { ...templateFromGbt(answer, context).template, templateId: 7, ...changes };
}

function placeAt(height: number, changes: Partial<BlockPlace> = {}): BlockPlace {
  return { hash: TIP_B, height, confirmations: 1, bits: 0x207fffff, medianTime: 1_700_000_010, ...changes };
}

function contextOf(last: Template, changes: Partial<EarlyContext> = {}): EarlyContext {
  return { network: "regtest", last, sinceLastMs: 0, receivedAtMs: 123, ...changes };
}

describe("an early template", () => {
  it("is the empty block on the tip: the subsidy alone, no commitment, all else as in the last template", () => {
    const last = lastAt(101, { version: 0x2000_4000 });
    const early = earlyTemplate(placeAt(101), contextOf(last));
    expect(early).toEqual({
      source: "rpc:test",
      height: 102,
      prevHash: new Uint8Array(32).fill(0x0b),
      version: 0x2000_4000,
      bits: 0x207fffff,
      curTime: 1_700_000_100,
      minTime: 1_700_000_011,
      coinbaseValue: 5_000_000_000n,
      nextSubsidy: 5_000_000_000n,
      witnessCommitment: undefined,
      transactions: [],
      merklePath: [],
      receivedAtMs: 123,
    });
  });

  it("has the tip's hash in header order", () => {
    const hash = `${"00".repeat(8)}${"ab".repeat(23)}cd`;
    const early = earlyTemplate(placeAt(101, { hash }), contextOf(lastAt(101)));
    expect(early?.prevHash[0]).toBe(0xcd);
    expect(printed(early?.prevHash ?? new Uint8Array())).toBe(hash);
  });

  it("has the time of the node's clock, which went on since the last template, and never one below the floor", () => {
    const timesAfter = (sinceLastMs: number): unknown => {
      const early = earlyTemplate(placeAt(101, { medianTime: 1_700_000_160 }), contextOf(lastAt(101), { sinceLastMs }));
      return [early?.curTime, early?.minTime];
    };
    expect(timesAfter(75_999)).toEqual([1_700_000_175, 1_700_000_161]);
    expect(timesAfter(59_999)).toEqual([1_700_000_161, 1_700_000_161]);
  });

  it("pays what its own height allows, and says what the next one may pay", () => {
    expect(earlyTemplate(placeAt(148), contextOf(lastAt(148)))).toMatchObject({
      coinbaseValue: 5_000_000_000n,
      nextSubsidy: 2_500_000_000n,
    });
    expect(earlyTemplate(placeAt(149), contextOf(lastAt(149)))).toMatchObject({ coinbaseValue: 2_500_000_000n });
    const bits = 0x1702_3456;
    const last = lastAt(839_999, { bits });
    const early = earlyTemplate(placeAt(839_999, { bits }), contextOf(last, { network: "main" }));
    expect(early?.coinbaseValue).toBe(312_500_000n);
  });

  it.each([-1, 0, 2])("is not made of a block with %i confirmations: that is not the tip", (confirmations) => {
    expect(earlyTemplate(placeAt(101, { confirmations }), contextOf(lastAt(101)))).toBeUndefined();
  });

  it("is not made where the tip's target is another than the last template's", () => {
    expect(earlyTemplate(placeAt(101, { bits: 0x207ffffe }), contextOf(lastAt(101)))).toBeUndefined();
  });

  // Heights: of the last template, of the tip.
  it.each([
    ["main", 2_014, 2_014, true],
    // The tip's next block begins a period.
    ["main", 2_015, 2_015, false],
    ["main", 4_031, 4_031, false],
    // The last template is of the period before.
    ["main", 2_015, 2_016, false],
    ["main", 2_016, 2_016, true],
    ["main", 2_016, 4_030, true],
    // Back over the border.
    ["main", 2_016, 2_014, false],
    ["regtest", 2_015, 2_015, true],
    ["testnet4", 2_016, 2_016, false],
    ["testnet4", 2_015, 2_015, false],
  ] as const)("on %s after a template at %i and a tip at %i: %s", (network, lastHeight, tipHeight, made) => {
    const early = earlyTemplate(placeAt(tipHeight), contextOf(lastAt(lastHeight), { network }));
    expect(early !== undefined).toBe(made);
  });
});
