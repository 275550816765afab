import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { LedgerFileReader } from "../../src/ledger/ledger-file-reader.ts";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { blockOf } from "./block-records-suite.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { AT_MS, batchOf, creditOf } from "./ledger-values.ts";

/** A ledger that is in use, with something in it. */
function inUse(file: string): LedgerStore {
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
  store.commit(batchOf("a", creditOf({ acceptedShares: 3, rejects: { "stale-share": 1 } })));
  store.recordBlock(blockOf(1));
  return store;
}

const TOTALS = { acceptedShares: 3, difficulty: 1, bestDifficulty: 1, rejects: { "stale-share": 1 } };

describe("LedgerFileReader", () => {
  it("reads what a pool has committed while it goes on, and afterwards", async () => {
    const file = ledgerFile();
    const store = inUse(file);
    const reader = new LedgerFileReader(file);
    expect(await reader.totals()).toEqual(TOTALS);
    expect(await reader.totalsOf("alice.rig")).toEqual(TOTALS);
    expect(await reader.blocks()).toEqual([blockOf(1)]);
    store.commit(batchOf("b", creditOf({ rejects: {} })));
    expect(await reader.totals()).toMatchObject({ acceptedShares: 4 });
    const report = await reader.report({ fromMs: AT_MS, toMs: AT_MS + 1 });
    expect(report.totals).toMatchObject({ acceptedShares: 4 });
    store.close();
    expect(await reader.totals()).toMatchObject({ acceptedShares: 4 });
    await reader.close();
  });

  it("holds up no commit while it reads", async () => {
    const file = ledgerFile();
    const store = inUse(file);
    const reader = new LedgerFileReader(file);
    const copied = join(dirname(file), "copy.db");
    reader.copyTo(copied);
    store.commit(batchOf("b", creditOf()));
    expect(await reader.totals()).toMatchObject({ acceptedShares: 4 });
    expect(await new LedgerFileReader(copied).totals()).toEqual(TOTALS);
    store.close();
  });

  it("makes copies that a pool can go on with", () => {
    const file = ledgerFile();
    const store = inUse(file);
    const copied = join(dirname(file), "copy.db");
    new LedgerFileReader(file).copyTo(copied);
    store.close();
    const next = new LedgerStore({ file: copied, durability: "full", retention: RETENTION }, STORE_CLOCK);
    next.commit(batchOf("a", creditOf()));
    next.commit(batchOf("c", creditOf()));
    expect(next.totals()).toMatchObject({ acceptedShares: 4 });
    next.close();
  });

  it("copies into no file that exists, and leaves none behind where it fails", () => {
    const file = ledgerFile();
    inUse(file).close();
    const reader = new LedgerFileReader(file);
    const taken = join(dirname(file), "taken");
    writeFileSync(taken, "something");
    expect(() => reader.copyTo(taken)).toThrow(`there is a file ${taken} already: name another one`);
    const nowhere = join(dirname(file), "nowhere", "copy.db");
    expect(() => reader.copyTo(nowhere)).toThrow(/the ledger .*nowhere.copy.db cannot be opened/);
    expect(readdirSync(dirname(file)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("says where there is no ledger, and makes none", () => {
    const file = ledgerFile();
    expect(() => new LedgerFileReader(file)).toThrow(
      expect.objectContaining({ code: "ledger-missing", message: expect.stringContaining(file) }),
    );
    expect(existsSync(file)).toBe(false);
  });
});
