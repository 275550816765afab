/** The part of the ledger's suite that is about found blocks. */

import { describe, expect, it } from "vitest";
import type { BlockRecord, ShareLedger } from "../../src/ledger/ledger.ts";

/** A record whose hash holds `seed` in each byte. */
export function blockOf(seed: number, fields: Partial<BlockRecord> = {}): BlockRecord {
  return {
    hash: new Uint8Array(32).fill(seed),
    height: 800_000 + seed,
    userIdentity: "alice.rig",
    foundAtMs: 1_700_000_000_000 + seed,
    fate: "submitted",
    reason: undefined,
    ...fields,
  };
}

/** @param ledger the one that is under test at that moment, empty. */
export function describeBlockRecords(ledger: () => ShareLedger): void {
  describe("that records blocks", () => {
    it("lists them whole, in the order in which they were first recorded", async () => {
      const blocks = [blockOf(7), blockOf(3, { userIdentity: "" }), blockOf(5, { height: 800_003 })];
      for (const block of blocks) await ledger().recordBlock(block);
      expect(await ledger().blocks()).toEqual(blocks);
    });

    it.each([
      { fate: "accepted", reason: undefined },
      { fate: "inconclusive", reason: undefined },
      { fate: "refused", reason: "high-hash" },
      { fate: "confirmed", reason: undefined },
      { fate: "orphaned", reason: undefined },
    ] as const)("gives a block its new fate, $fate, where it stands", async (change) => {
      await ledger().recordBlock(blockOf(1));
      await ledger().recordBlock(blockOf(2));
      await ledger().recordBlock(blockOf(1, change));
      expect(await ledger().blocks()).toEqual([blockOf(1, change), blockOf(2)]);
    });

    it("knows a block by its hash alone: one byte more or less is another block of that height", async () => {
      const nearly = new Uint8Array(32).fill(1);
      nearly[31] = 0;
      await ledger().recordBlock(blockOf(1));
      await ledger().recordBlock(blockOf(1, { hash: nearly }));
      expect(await ledger().blocks()).toHaveLength(2);
    });

    it("counts no shares with them", async () => {
      await ledger().recordBlock(blockOf(1));
      expect(await ledger().totals()).toMatchObject({ acceptedShares: 0, rejects: {} });
    });

    it("has taken a copy when it has recorded: a buffer that is used again changes nothing", async () => {
      const buffer = new Uint8Array(4_096).fill(9);
      const hash = buffer.subarray(64, 96);
      await ledger().recordBlock(blockOf(9, { hash }));
      buffer.fill(0);
      expect(await ledger().blocks()).toEqual([blockOf(9)]);
      await ledger().recordBlock(blockOf(9, { fate: "accepted" }));
      expect(await ledger().blocks()).toEqual([blockOf(9, { fate: "accepted" })]);
    });

    it("gives records that can be sent to another process, small, and not its own", async () => {
      const larger = new Uint8Array(4_096).fill(9);
      await ledger().recordBlock(blockOf(9, { hash: larger.subarray(0, 32) }));
      const [record] = structuredClone(await ledger().blocks());
      expect(record).toStrictEqual(blockOf(9));
      expect(record?.hash.buffer.byteLength).toBe(32);
      for (const { hash } of await ledger().blocks()) hash.fill(0);
      expect(await ledger().blocks()).toEqual([blockOf(9)]);
    });

    it("gives a list that later records do not change", async () => {
      await ledger().recordBlock(blockOf(1));
      const before = await ledger().blocks();
      await ledger().recordBlock(blockOf(1, { fate: "accepted" }));
      await ledger().recordBlock(blockOf(2));
      expect(before).toEqual([blockOf(1)]);
    });
  });
}
