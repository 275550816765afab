import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { ShareBatchCommit } from "../../src/ledger/ledger.ts";
import { LedgerFileReader } from "../../src/ledger/ledger-file-reader.ts";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { nextTurn } from "../support/wait.ts";
import { blockOf } from "./block-records-suite.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { AT_MS, batchOf, creditOf } from "./ledger-values.ts";

/** A ledger that is in use, with something in it. */
function inUse(file: string): LedgerStore {
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
  store.commit(batchOf("a", creditOf({ acceptedShares: 3, rejects: { "stale-share": 1 } })));
  store.recordBlocks([blockOf(1)]);
  return store;
}

/** Of some thousand workers, so that the file has many pages. */
function crowd(number: number): ShareBatchCommit {
  const credits = Array.from({ length: 2_000 }, (_, index) => creditOf({ userIdentity: `worker ${number} ${index}` }));
  return batchOf(`crowd ${number}`, ...credits);
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
    expect(await reader.copyTo(copied)).toEqual({ sizeBytes: statSync(copied).size });
    store.commit(batchOf("b", creditOf()));
    expect(await reader.totals()).toMatchObject({ acceptedShares: 4 });
    expect(await new LedgerFileReader(copied).totals()).toEqual(TOTALS);
    store.close();
  });

  it("makes copies that a pool can go on with", async () => {
    const file = ledgerFile();
    const store = inUse(file);
    const copied = join(dirname(file), "copy.db");
    await new LedgerFileReader(file).copyTo(copied);
    expect((statSync(copied).mode & 0o777).toString(8)).toBe("600");
    store.close();
    const next = new LedgerStore({ file: copied, durability: "full", retention: RETENTION }, STORE_CLOCK);
    next.commit(batchOf("a", creditOf()));
    next.commit(batchOf("c", creditOf()));
    expect(next.totals()).toMatchObject({ acceptedShares: 4 });
    next.close();
  });

  it("copies one moment, whatever is committed meanwhile", async () => {
    const file = ledgerFile();
    const store = inUse(file);
    for (let worker = 0; worker < 20; worker += 1) store.commit(crowd(worker));
    const copied = join(dirname(file), "copy.db");
    const reader = new LedgerFileReader(file);
    const { acceptedShares } = await reader.totals();
    let isCopying = true;
    const copying = reader.copyTo(copied).finally(() => {
      isCopying = false;
    });
    let meanwhile = 0;
    while (isCopying) {
      store.commit(batchOf(`later ${meanwhile}`, creditOf()));
      meanwhile += 1;
      await nextTurn();
    }
    await copying;
    expect(meanwhile).toBeGreaterThan(1);
    expect(await new LedgerFileReader(copied).totals()).toMatchObject({ acceptedShares });
    expect(await reader.totals()).toMatchObject({ acceptedShares: acceptedShares + meanwhile });
    store.close();
  });

  it("copies into no file that exists, and leaves none behind where it fails", async () => {
    const file = ledgerFile();
    inUse(file).close();
    const reader = new LedgerFileReader(file);
    const taken = join(dirname(file), "taken");
    writeFileSync(taken, "something");
    await expect(reader.copyTo(taken)).rejects.toThrow(`there is a file ${taken} already: name another one`);
    const nowhere = join(dirname(file), "nowhere", "copy.db");
    await expect(reader.copyTo(nowhere)).rejects.toThrow(
      `no copy ${nowhere} can be made (ENOENT): a new file in a folder that is there and can be written is needed`,
    );
    expect(readdirSync(dirname(file)).sort()).toEqual(["ledger.db", "taken"]);
  });

  it("leaves nothing of a copy that is ended, and can make another", async () => {
    const file = ledgerFile();
    inUse(file).close();
    const reader = new LedgerFileReader(file);
    const copied = join(dirname(file), "copy.db");
    const end = new AbortController();
    const copying = reader.copyTo(copied, { signal: end.signal });
    end.abort();
    await expect(copying).rejects.toThrow(`no copy ${copied} was made: it was ended`);
    expect(readdirSync(dirname(file))).toEqual(["ledger.db"]);
    await reader.copyTo(copied);
    expect(await new LedgerFileReader(copied).totals()).toEqual(TOTALS);
  });

  it("makes no copy of a ledger that is damaged where nothing else would look", async () => {
    const file = ledgerFile();
    const store = inUse(file);
    store.commit(crowd(1));
    store.close();
    const pages = readFileSync(file);
    // The last pages alone: those of workers that nobody asks for.
    writeFileSync(file, pages.fill(0, pages.length - 8_192));
    const reader = new LedgerFileReader(file);
    expect(await reader.totals()).toMatchObject({ acceptedShares: 2_003 });
    const copied = join(dirname(file), "copy.db");
    await expect(reader.copyTo(copied)).rejects.toMatchObject({ code: "ledger-corrupt" });
    expect(readdirSync(dirname(file))).toEqual(["ledger.db"]);
  });

  it("makes no file beside a ledger that no pool has open", async () => {
    const file = ledgerFile();
    inUse(file).close();
    const reader = new LedgerFileReader(file);
    expect(await reader.totals()).toEqual(TOTALS);
    await reader.close();
    expect(readdirSync(dirname(file))).toEqual(["ledger.db"]);
  });

  it("knows when what is kept begins, and of an empty ledger that nothing does", async () => {
    const file = ledgerFile();
    const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
    store.totals();
    const reader = new LedgerFileReader(file);
    expect(await reader.beginMs()).toBeUndefined();
    store.recordBlocks([blockOf(1)]);
    const { foundAtMs } = blockOf(1);
    expect(await reader.beginMs()).toBe(foundAtMs);
    store.commit({ ...batchOf("a", creditOf()), atMs: foundAtMs - 90_000 });
    expect(await reader.beginMs()).toBe(60_000 * Math.floor((foundAtMs - 90_000) / 60_000));
    store.close();
  });

  it("says where there is no ledger, and makes none", () => {
    const file = ledgerFile();
    expect(() => new LedgerFileReader(file)).toThrow(
      expect.objectContaining({ code: "ledger-missing", message: expect.stringContaining(file) }),
    );
    expect(existsSync(file)).toBe(false);
  });

  it("says of a folder in its place that it is one", () => {
    const file = ledgerFile();
    mkdirSync(file);
    expect(() => new LedgerFileReader(file)).toThrow(`the ledger ${file} is a folder: move it away`);
  });

  it("says of an empty file that there is nothing in it", () => {
    const file = ledgerFile();
    writeFileSync(file, "");
    expect(() => new LedgerFileReader(file)).toThrow(
      expect.objectContaining({
        code: "ledger-missing",
        message: expect.stringMatching(/is empty: restore it from a/),
      }),
    );
  });

  it("says of what it cannot read who can, of a locked ledger that, and of a newer one which program reads it", () => {
    const file = ledgerFile();
    inUse(file).close();
    // As little of a log of changes as one that nobody may write.
    mkdirSync(`${file}-wal`);
    expect(() => new LedgerFileReader(file)).toThrow(
      `the ledger ${file} cannot be read: do it as the pool's user, who can write in its folder`,
    );
    rmdirSync(`${file}-wal`);
    const other = new Database(file);
    other.pragma("locking_mode = EXCLUSIVE");
    other.exec("BEGIN EXCLUSIVE");
    expect(() => new LedgerFileReader(file)).toThrow(expect.objectContaining({ code: "ledger-locked" }));
    other.exec("ROLLBACK");
    other.pragma("user_version = 99");
    other.close();
    expect(() => new LedgerFileReader(file)).toThrow(expect.objectContaining({ code: "ledger-too-new" }));
  });
});
