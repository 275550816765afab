import {
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { LedgerFileReader } from "../../src/ledger/ledger-file-reader.ts";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

function storeOn(file: string): LedgerStore {
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
  onTestFinished(() => store.close());
  return store;
}

const commit = (store: LedgerStore, userIdentity: string): void =>
  store.commit(batchOf(userIdentity, creditOf({ userIdentity })));

/** In use, with three hundred workers in the file itself, and some in the log of changes. */
function inUse(): { file: string; store: LedgerStore } {
  const file = ledgerFile();
  const first = storeOn(file);
  for (let worker = 0; worker < 300; worker += 1) commit(first, `worker.${worker}`);
  first.close();
  const store = storeOn(file);
  for (let worker = 0; worker < 3; worker += 1) commit(store, `late.${worker}`);
  return { file, store };
}

/** What is in the log of changes goes into the file itself. */
function takeOver(file: string): void {
  const other = new Database(file);
  other.pragma("wal_checkpoint(TRUNCATE)");
  other.close();
}

/** The same, of a change of its own. */
function takeOverMore(file: string): void {
  const other = new Database(file);
  other.exec("UPDATE workers SET last_seen = 7 WHERE worker = 1");
  other.close();
  takeOver(file);
}

/** How often a file is looked through from now on; `meanwhile` is called each time. */
function countChecks(meanwhile: () => void = () => undefined): () => number {
  let checks = 0;
  const { pragma } = Database.prototype;
  Database.prototype.pragma = function counted(source, options) {
    const result = pragma.call(this, source, options);
    if (!source.startsWith("integrity_check")) return result;
    checks += 1;
    meanwhile();
    return result;
  };
  onTestFinished(() => {
    Database.prototype.pragma = pragma;
  });
  return () => checks;
}

/** In use while an older copy of the file, `old`, is copied over it; the log of changes is that of the newer one. */
function underOldCopy(): { file: string; store: LedgerStore; old: Uint8Array } {
  const { file, store } = inUse();
  store.close();
  const old = readFileSync(file);
  for (let worker = 0; worker < 300; worker += 1) commit(store, `new.${worker}`);
  takeOver(file);
  for (let worker = 0; worker < 3; worker += 1) commit(store, `newest.${worker}`);
  writeFileSync(file, old);
  return { file, store, old };
}

const IS_DAMAGED = expect.objectContaining({ code: "ledger-corrupt" });

describe("a ledger that another program writes into while it is in use", () => {
  it.each<readonly [string, (file: string) => void]>([
    ["cut off", (file) => truncateSync(file, 20_000)],
    [
      "overwritten in its middle",
      (file) => {
        const handle = openSync(file, "r+");
        writeSync(handle, Buffer.alloc(statSync(file).size - 8_192, 0x5a), 0, undefined, 8_192);
      },
    ],
  ])("confirms nothing once it is %s, whatever the next commits touch, and tells why", (_, damage) => {
    const { file, store } = inUse();
    damage(file);
    for (let times = 0; times < 3; times += 1) expect(() => commit(store, "late.0x")).toThrow(IS_DAMAGED);
  });

  it("is refused where an old copy of it was copied over it, and taken when a whole one is in its place", () => {
    const { file, store, old } = underOldCopy();
    expect(() => commit(store, "late.y")).toThrow(
      `the ledger ${file} was changed by another program while it was in use, and is damaged: stop the pool, and restore`,
    );
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    writeFileSync(file, old);
    commit(store, "late.y");
    expect(store.totals().acceptedShares).toBe(304);
  });

  it("is looked through once for each time", () => {
    const { file, store } = inUse();
    const checks = countChecks();
    for (const [times, name] of ["a", "b", "c"].entries()) {
      commit(store, name);
      expect(checks()).toBe(times);
      takeOver(file);
      for (const later of [1, 2, 3]) commit(store, `${name}.${later}`);
      expect(checks()).toBe(times + 1);
    }
  });

  it.each([
    ["log of changes", ["-wal"]],
    ["index", ["-shm"]],
    ["log of changes and index", ["-wal", "-shm"]],
  ])("is looked through where its %s was removed, as by who restores a copy without a stop", (_, removed) => {
    const { file, store } = underOldCopy();
    for (const suffix of removed) rmSync(file + suffix);
    expect(() => commit(store, "x")).toThrow(expect.objectContaining({ code: "ledger-replaced" }));
    expect(() => commit(store, "x")).toThrow(IS_DAMAGED);
  });

  it("stays so over a restart, and is not looked through again while it is the same", () => {
    const { file, store } = inUse();
    // A page that no commit looks at.
    const handle = openSync(file, "r+");
    writeSync(handle, Buffer.alloc(4_096, 0x5a), 0, undefined, 4_096 * 18);
    for (let times = 0; times < 2; times += 1) expect(() => commit(store, "a")).toThrow(IS_DAMAGED);
    const checks = countChecks();
    const again = storeOn(file);
    for (let times = 0; times < 3; times += 1) {
      expect(() => commit(again, "b")).toThrow(IS_DAMAGED);
      expect(checks()).toBe(1);
    }
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    commit(again, "b");
    expect(checks()).toBe(2);
    expect(existsSync(`${file}-suspect`)).toBe(false);
  });

  it("is looked through once more where that goes on meanwhile", () => {
    const { file, store } = inUse();
    takeOver(file);
    let writes = 0;
    countChecks(() => {
      writes += 1;
      if (writes === 1) takeOverMore(file);
    });
    expect(() => commit(store, "a")).toThrow(`the ledger ${file} is being changed by another program: end that`);
    commit(store, "a");
    expect(writes).toBe(2);
  });

  it("goes on where that left it whole, as other programs do that use SQLite", () => {
    const { file, store } = inUse();
    takeOverMore(file);
    commit(store, "late.z");
    expect(store.totals().acceptedShares).toBe(304);
  });
});

describe("the log of changes of a ledger that is gone", () => {
  function gone(lose: (file: string) => void): string {
    const { file } = inUse();
    const left = ledgerFile();
    copyFileSync(`${file}-wal`, `${left}-wal`);
    lose(left);
    return left;
  }

  it.each<readonly [string, (file: string) => void]>([
    ["is not there", () => undefined],
    ["is empty", (file) => writeFileSync(file, "")],
  ])("is kept where the file %s: it may be all that is left", (_, lose) => {
    const file = gone(lose);
    const log = readFileSync(`${file}-wal`);
    expect(log.length).toBeGreaterThan(4_096);
    const wanted = expect.objectContaining({
      code: "ledger-corrupt",
      message: `the ledger ${file} is gone, and what was stored last is in ${file}-wal: keep that, and restore the ledger from a backup, or move both away to begin a new one`,
    });
    expect(() => commit(storeOn(file), "a")).toThrow(wanted);
    if (existsSync(file)) expect(() => new LedgerFileReader(file)).toThrow(wanted);
    expect(readFileSync(`${file}-wal`)).toEqual(log);
    rmSync(`${file}-wal`);
    const store = storeOn(file);
    commit(store, "a");
    expect(store.totals().acceptedShares).toBe(1);
  });
});
