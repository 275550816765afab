import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

function storeOn(file: string): LedgerStore {
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
  onTestFinished(() => store.close());
  return store;
}

const commit = (store: LedgerStore, batchId: string): void => store.commit(batchOf(batchId, creditOf()));

/** Shares that are there after a kill in this moment. */
function keptSharesOf(file: string): number {
  const copy = `${file}.killed`;
  for (const suffix of ["", "-wal"]) {
    rmSync(copy + suffix, { force: true });
    if (existsSync(file + suffix)) cpSync(file + suffix, copy + suffix);
  }
  const left = storeOn(copy);
  const { acceptedShares } = left.totals();
  left.close();
  return acceptedShares;
}

const IS_REPLACED = expect.objectContaining({
  code: "ledger-replaced",
  message: expect.stringMatching(
    /^(what is beside )?the ledger,? .* was (removed|replaced|removed or replaced) while it was in use/,
  ),
});

/** A reader in the middle of its work, as `adit backup` is for long. */
function readerOf(file: string): { end: () => void } {
  const reader = new Database(file, { readonly: true });
  onTestFinished(() => void reader.close());
  reader.exec("BEGIN");
  reader.prepare("SELECT COUNT(*) FROM workers").get();
  return { end: () => reader.exec("COMMIT") };
}

describe("a ledger whose log of changes is removed while it is in use", () => {
  const removals: readonly (readonly [string, (file: string) => void])[] = [
    ["removed", (file) => rmSync(`${file}-wal`)],
    ["removed with its index", (file) => ["-wal", "-shm"].map((suffix) => rmSync(file + suffix))],
    ["moved away", (file) => renameSync(`${file}-wal`, `${file}-wal.old`)],
    [
      "replaced",
      (file) => {
        writeFileSync(`${file}.other`, "another's");
        renameSync(`${file}.other`, `${file}-wal`);
      },
    ],
  ];

  it.each(removals)("confirms nothing that went to one that is %s, and loses nothing that it has", (_, remove) => {
    const file = ledgerFile();
    const store = storeOn(file);
    for (const batchId of ["a", "b"]) commit(store, batchId);
    remove(file);
    expect(() => commit(store, "c")).toThrow(IS_REPLACED);
    expect(keptSharesOf(file)).toBe(3);
    for (const batchId of ["c", "d"]) commit(store, batchId);
    expect(store.totals().acceptedShares).toBe(4);
    expect(keptSharesOf(file)).toBe(4);
  });

  it("confirms no commit in the middle of which it went", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    const credit = {
      ...creditOf(),
      get acceptedShares(): number {
        rmSync(`${file}-wal`, { force: true });
        return 1;
      },
    };
    expect(() => store.commit(batchOf("b", credit))).toThrow(IS_REPLACED);
    expect(keptSharesOf(file)).toBe(2);
  });

  it("notices it at a question too", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    rmSync(`${file}-wal`);
    expect(() => store.totals()).toThrow(IS_REPLACED);
    expect(keptSharesOf(file)).toBe(1);
  });

  it("saves what it has where it is closed before anybody noticed", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    readerOf(file).end();
    rmSync(`${file}-wal`);
    store.close();
    expect(keptSharesOf(file)).toBe(1);
  });

  it("waits with it for a reader, which is named, and gives up no handle before", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    const reader = readerOf(file);
    commit(store, "b");
    rmSync(`${file}-wal`);
    const isWaiting = expect.objectContaining({
      code: "ledger-locked",
      message: expect.stringContaining("is saved as soon as no other program reads the ledger, so end that"),
    });
    expect(() => commit(store, "c")).toThrow(isWaiting);
    expect(() => store.close()).toThrow(isWaiting);
    expect(() => commit(store, "c")).toThrow(isWaiting);
    reader.end();
    for (const [shares, batchId] of ["c", "d"].entries()) {
      commit(store, batchId);
      expect(keptSharesOf(file)).toBe(3 + shares);
    }
  });

  it("leaves the files alone that another ledger's took the place of", () => {
    const [file, other] = [ledgerFile(), ledgerFile()];
    const [store, others] = [storeOn(file), storeOn(other)];
    commit(store, "a");
    for (const batchId of ["x", "y"]) commit(others, batchId);
    for (const suffix of ["", "-wal", "-shm"]) {
      cpSync(other + suffix, `${file}.new${suffix}`);
      renameSync(`${file}.new${suffix}`, file + suffix);
    }
    expect(() => commit(store, "b")).toThrow(IS_REPLACED);
    expect(keptSharesOf(file)).toBe(2);
    commit(store, "b");
    expect(store.totals().acceptedShares).toBe(3);
  });
});

describe("a ledger in whose place a copy is put while it is in use", () => {
  /** A whole ledger in one file, of some pages more. */
  async function copyWith(shares: number): Promise<string> {
    const file = ledgerFile();
    const store = storeOn(file);
    for (let share = 0; share < shares; share += 1) {
      store.commit(batchOf(`copy-${share}`, creditOf({ userIdentity: `copy.${share}` })));
    }
    store.close();
    return file;
  }

  function isWhole(file: string): boolean {
    const database = new Database(file, { readonly: true });
    const result = database.pragma("integrity_check", { simple: true });
    database.close();
    return result === "ok";
  }

  it("is noticed by the next call, and none of its changes go into the copy", async () => {
    const file = ledgerFile();
    const store = storeOn(file);
    for (let share = 0; share < 20; share += 1) commit(store, `old-${share}`);
    renameSync(await copyWith(300), file);
    expect(() => commit(store, "a")).toThrow(/was replaced while it was in use: what is there now counts$/);
    expect(existsSync(`${file}-wal`)).toBe(false);
    commit(store, "a");
    expect(store.totals().acceptedShares).toBe(301);
    expect(isWhole(file)).toBe(true);
  });

  it("leaves none of its changes to the copy where it was given up before, while another program read it", async () => {
    const file = ledgerFile();
    const store = storeOn(file);
    for (let share = 0; share < 20; share += 1) commit(store, `old-${share}`);
    const held = readerOf(file);
    store.close();
    expect(existsSync(`${file}-wal`)).toBe(true);
    renameSync(await copyWith(300), file);
    held.end();
    commit(store, "a");
    expect(store.totals().acceptedShares).toBe(301);
    expect(isWhole(file)).toBe(true);
  });

  it("keeps what was stored in the file that was moved away", async () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    renameSync(file, `${file}.old`);
    expect(() => commit(store, "b")).toThrow(IS_REPLACED);
    expect(keptSharesOf(`${file}.old`)).toBe(2);
    commit(store, "b");
    expect(store.totals().acceptedShares).toBe(1);
  });
});

describe.skipIf(!canMount)("a ledger whose log of changes is removed on a disk that is full", () => {
  it("is kept open until there is room to save what the log has", () => {
    const disk = SmallDisk.mount(2_048);
    if (disk === undefined) throw new Error("no disk could be mounted");
    onTestFinished(() => disk.unmount());
    const file = `${disk.folder}/ledger.db`;
    const store = storeOn(file);
    commit(store, "a");
    const crowd = Array.from({ length: 1_000 }, (_, at) => creditOf({ userIdentity: `worker ${at}` }));
    store.commit(batchOf("b", ...crowd));
    rmSync(`${file}-wal`);
    disk.fill();
    for (let times = 0; times < 2; times += 1) {
      expect(() => commit(store, "c")).toThrow(expect.objectContaining({ code: "ledger-disk-full" }));
    }
    disk.drain();
    commit(store, "c");
    expect(store.totals().acceptedShares).toBe(1_002);
    store.close();
  });

  it("begins a minute, and a worker, that it could not begin on it, as if nothing had been", () => {
    const disk = SmallDisk.mount(1_024);
    if (disk === undefined) throw new Error("no disk could be mounted");
    onTestFinished(() => disk.unmount());
    const file = `${disk.folder}/ledger.db`;
    const store = storeOn(file);
    const [fromMs, minuteMs] = [3_600_000 * 490_000, 60_000];
    const at = (minute: number, batchId: string, userIdentity: string): void =>
      store.commit({ ...batchOf(batchId, creditOf({ userIdentity })), atMs: fromMs + minute * minuteMs });
    at(0, "a", "alice");
    disk.fill();
    rmSync(`${file}-wal`);
    for (let times = 0; times < 2; times += 1) {
      expect(() => at(1, "b", "bob")).toThrow(expect.objectContaining({ code: "ledger-disk-full" }));
    }
    disk.drain();
    at(1, "b", "bob");
    at(2, "c", "carol");
    at(90, "d", "alice");
    for (const name of ["bob", "carol"]) expect(store.totalsOf(name).acceptedShares, name).toBe(1);
    const { totals, workers } = store.report({ fromMs, toMs: fromMs + 60 * minuteMs });
    expect([totals.acceptedShares, workers.length]).toEqual([3, 3]);
    store.close();
  });
});
