import { describe, expect, it } from "vitest";
import { MemoryLedger } from "../../src/ledger/memory-ledger.ts";
import { blockOf } from "./block-records-suite.ts";
import { describeLedger } from "./ledger-suite.ts";
import { AT_MS, batchOf, creditOf, NOTHING } from "./ledger-values.ts";

describeLedger("MemoryLedger", async () => new MemoryLedger());

describe("MemoryLedger's limits", () => {
  it("remembers the last `maxBatchIds` batch ids, and none before them", async () => {
    const ledger = new MemoryLedger({ maxBatchIds: 3 });
    for (const batchId of ["a", "b", "c"]) await ledger.commit(batchOf(batchId, creditOf()));
    // At the limit all three are known; a repeat forgets nothing.
    for (const batchId of ["a", "b", "c"]) await ledger.commit(batchOf(batchId, creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 3 });
    // One past it the oldest is forgotten, and only that.
    await ledger.commit(batchOf("d", creditOf()));
    for (const batchId of ["b", "c", "d"]) await ledger.commit(batchOf(batchId, creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 4 });
    await ledger.commit(batchOf("a", creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 5 });
  });

  it("keeps totals of `maxIdentities` identities; further ones count overall alone, and those it has go on", async () => {
    const ledger = new MemoryLedger({ maxIdentities: 2 });
    for (const [index, userIdentity] of ["alice", "bob", "carol", "alice"].entries()) {
      await ledger.commit(batchOf(`${index}`, creditOf({ userIdentity, rejects: { "stale-share": 1 } })));
    }
    expect(await ledger.totalsOf("alice")).toMatchObject({ acceptedShares: 2, rejects: { "stale-share": 2 } });
    expect(await ledger.totalsOf("bob")).toMatchObject({ acceptedShares: 1 });
    expect(await ledger.totalsOf("carol")).toEqual(NOTHING);
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 4, difficulty: 4, rejects: { "stale-share": 4 } });
    const minute = { fromMs: AT_MS, toMs: AT_MS + 1 };
    expect((await ledger.report(minute)).totals).toMatchObject({ acceptedShares: 4 });
  });

  it("gives no place to an identity that is only asked for", async () => {
    const ledger = new MemoryLedger({ maxIdentities: 1 });
    await ledger.totalsOf("nobody");
    await ledger.commit(batchOf("a", creditOf({ userIdentity: "alice" })));
    expect(await ledger.totalsOf("alice")).toMatchObject({ acceptedShares: 1 });
  });

  it("keeps the last `maxBlocks` blocks; a new fate takes no place", async () => {
    const ledger = new MemoryLedger({ maxBlocks: 2 });
    await ledger.recordBlock(blockOf(1));
    await ledger.recordBlock(blockOf(2));
    await ledger.recordBlock(blockOf(2, { fate: "accepted" }));
    expect(await ledger.blocks()).toEqual([blockOf(1), blockOf(2, { fate: "accepted" })]);
    await ledger.recordBlock(blockOf(3));
    expect(await ledger.blocks()).toEqual([blockOf(2, { fate: "accepted" }), blockOf(3)]);
  });

  it("keeps the last `maxMinutes` minutes for reports; all of them count in the totals", async () => {
    const ledger = new MemoryLedger({ maxMinutes: 2 });
    const kept = async (): Promise<number> =>
      (await ledger.report({ fromMs: 0, toMs: 2 * AT_MS })).totals.acceptedShares;
    for (const [minute, acceptedShares] of [1, 10, 100].entries()) {
      await ledger.commit({ ...batchOf(`${minute}`, creditOf({ acceptedShares })), atMs: AT_MS + minute * 60_000 });
      if (minute === 1) expect(await kept()).toBe(11);
    }
    expect(await kept()).toBe(110);
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 111 });
  });

  it("keeps `maxIdentities` difficulties; beyond it the one noted first is forgotten", async () => {
    const ledger = new MemoryLedger({ maxIdentities: 2 });
    const names = ["alice", "bob", "alice", "carol"];
    for (const [index, userIdentity] of names.entries()) {
      await ledger.rememberDifficulties([
        { userIdentity, kind: "standard", difficultyPerMinute: index, nominalHashrate: 0, atMs: AT_MS + index },
      ]);
    }
    expect((await ledger.difficulties()).map(({ userIdentity }) => userIdentity)).toEqual(["alice", "carol"]);
  });

  it("has limits of its own where none are given", async () => {
    const ledger = new MemoryLedger({ maxBlocks: 1 });
    for (let index = 0; index <= 1_024; index += 1) await ledger.commit(batchOf(`${index}`, creditOf()));
    await ledger.commit(batchOf("1", creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 1_025 });
    await ledger.commit(batchOf("0", creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 1_026 });
  });
});
