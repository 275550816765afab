import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LedgerErrorCode } from "../../src/ledger/errors.ts";
import { LedgerStore, type LedgerStoreOptions } from "../../src/ledger/ledger-store.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

function storeOn(file: string, options: Partial<LedgerStoreOptions> = {}): LedgerStore {
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION, ...options }, STORE_CLOCK);
  onTestFinished(() => store.close());
  return store;
}

const commit = (store: LedgerStore, batchId: string): void => store.commit(batchOf(batchId, creditOf()));

/** The error of a commit, as far as an operator is told of it. */
function fault(code: LedgerErrorCode, words: string): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(words) });
}

describe("a ledger's file", () => {
  it("keeps everything from one process to the next", () => {
    const file = ledgerFile();
    const first = storeOn(file);
    commit(first, "a");
    first.close();
    const second = storeOn(file);
    commit(second, "a");
    commit(second, "b");
    expect(second.totals().acceptedShares).toBe(2);
  });

  it("and those beside it are their owner's alone", () => {
    const file = ledgerFile();
    commit(storeOn(file), "a");
    for (const suffix of ["", "-wal", "-shm"]) expect(statSync(`${file}${suffix}`).mode & 0o777, suffix).toBe(0o600);
  });

  it("syncs each commit to the disk where it is to be fully durable, and none where it is not", () => {
    for (const [durability, synchronous] of [
      ["full", 2],
      ["normal", 1],
    ] as const) {
      const file = ledgerFile();
      let seen: unknown;
      const pragma = Database.prototype.pragma;
      Database.prototype.pragma = function (this: Database.Database, source: string, options?: Database.PragmaOptions) {
        const result = pragma.call(this, source, options);
        if (source.startsWith("synchronous")) seen = pragma.call(this, "synchronous", { simple: true });
        return result;
      };
      onTestFinished(() => {
        Database.prototype.pragma = pragma;
      });
      commit(storeOn(file, { durability }), "a");
      expect(seen).toBe(synchronous);
    }
  });

  it("is refused where it is locked by another program, and taken when that ends", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    const other = new Database(file);
    other.exec("BEGIN EXCLUSIVE");
    expect(() => commit(store, "b")).toThrow(fault("ledger-locked", "is locked by another program: end that"));
    other.exec("ROLLBACK");
    other.close();
    commit(store, "b");
    expect(store.totals().acceptedShares).toBe(2);
  });

  it("is refused where it is damaged, and whatever takes its place is taken", () => {
    const file = ledgerFile();
    writeFileSync(file, "this is no database".repeat(1_000));
    const store = storeOn(file);
    expect(() => commit(store, "a")).toThrow(fault("ledger-corrupt", "restore it from a backup, or move it away"));
    renameSync(file, `${file}.damaged`);
    commit(store, "a");
    expect(store.totals().acceptedShares).toBe(1);
  });

  it("is refused where pages of it are damaged while it is in use", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    store.close();
    const bytes = new Uint8Array(statSync(file).size).fill(0x5a, 4_096);
    const header = new Database(file, { readonly: true }).serialize().subarray(0, 4_096);
    bytes.set(header);
    writeFileSync(file, bytes);
    expect(() => commit(store, "b")).toThrow(fault("ledger-corrupt", "is damaged"));
  });

  it("is given up where it was removed or replaced in use: what goes there now counts", () => {
    const file = ledgerFile();
    const store = storeOn(file);
    commit(store, "a");
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
    expect(() => commit(store, "b")).toThrow(
      fault("ledger-replaced", "was removed while it was in use, and a new one is begun: if that was not meant, stop"),
    );
    commit(store, "b");
    expect(existsSync(file)).toBe(true);
    expect(store.totals().acceptedShares).toBe(1);
  });

  it("is refused where a newer version of the program made it, and left as it is", () => {
    const file = ledgerFile();
    commit(storeOn(file), "a");
    const newer = new Database(file);
    newer.pragma("user_version = 99");
    newer.close();
    const store = storeOn(file);
    expect(() => commit(store, "b")).toThrow(fault("ledger-too-new", "(99, this one knows 1): use that one"));
    const after = new Database(file);
    expect(after.pragma("user_version", { simple: true })).toBe(99);
    after.close();
  });

  it("is refused where it is another program's database", () => {
    const file = ledgerFile();
    const foreign = new Database(file);
    foreign.exec("CREATE TABLE workers (name TEXT)");
    foreign.close();
    expect(() => commit(storeOn(file), "a")).toThrow(fault("ledger-corrupt", "is another program's database"));
  });

  it("is waited for where its folder is not there", () => {
    const folder = join(dirname(ledgerFile()), "later");
    const store = storeOn(join(folder, "ledger.db"));
    expect(() => commit(store, "a")).toThrow(fault("ledger-not-writable", "has no folder"));
    mkdirSync(folder);
    commit(store, "a");
    expect(store.totals().acceptedShares).toBe(1);
  });

  it("is refused where a folder is in its place", () => {
    const file = ledgerFile();
    mkdirSync(file);
    expect(() => commit(storeOn(file), "a")).toThrow(fault("ledger-not-writable", "is a folder: move it away"));
  });

  it("counts no batch that failed in the middle, and that batch once when it comes again", () => {
    const store = storeOn(ledgerFile());
    const bob = creditOf({ userIdentity: "bob" });
    const broken = creditOf({ userIdentity: "carol", difficulty: Number.NaN });
    expect(() => store.commit(batchOf("a", bob, broken))).toThrow(fault("ledger-failed", "NOT NULL"));
    expect(store.totalsOf("bob").acceptedShares).toBe(0);
    for (let times = 0; times < 2; times += 1) store.commit(batchOf("a", bob));
    expect(store.totalsOf("bob").acceptedShares).toBe(1);
  });
});

describe.skipIf(!canMount)("a ledger's file on a disk of its own", () => {
  const mounted = (sizeKiB: number): SmallDisk => {
    const disk = SmallDisk.mount(sizeKiB);
    if (disk === undefined) throw new Error("no disk could be mounted");
    onTestFinished(() => disk.unmount());
    return disk;
  };

  it("is refused where the disk is full, and takes the same batch once when there is room", () => {
    const disk = mounted(1_024);
    const store = storeOn(join(disk.folder, "ledger.db"));
    commit(store, "a");
    disk.fill();
    const large = batchOf("b", ...Array.from({ length: 500 }, (_, at) => creditOf({ userIdentity: `worker-${at}` })));
    expect(() => store.commit(large)).toThrow(fault("ledger-disk-full", "its disk is full; make room on it"));
    disk.drain();
    for (let times = 0; times < 2; times += 1) store.commit(large);
    expect(store.totals().acceptedShares).toBe(501);
  });

  it("is refused where the disk is full at the start, and begun when there is room", () => {
    const disk = mounted(256);
    const store = storeOn(join(disk.folder, "ledger.db"));
    disk.fill();
    expect(() => commit(store, "a")).toThrow(fault("ledger-disk-full", "make room on it"));
    disk.drain();
    commit(store, "a");
    expect(store.totals().acceptedShares).toBe(1);
  });

  it("is refused as on a full disk where there is no room for what is beside it", () => {
    const disk = mounted(256);
    const store = storeOn(join(disk.folder, "ledger.db"));
    commit(store, "a");
    store.close();
    disk.fill();
    expect(() => store.totals()).toThrow(fault("ledger-disk-full", "its disk is full; make room on it"));
    disk.drain();
    expect(store.totals().acceptedShares).toBe(1);
  });

  it("is read on a full disk as a process left it that was killed", () => {
    const disk = mounted(1_024);
    const file = join(disk.folder, "ledger.db");
    commit(storeOn(file), "a");
    const left = join(disk.folder, "left.db");
    for (const suffix of ["", "-wal", "-shm"]) copyFileSync(`${file}${suffix}`, `${left}${suffix}`);
    disk.fill();
    const store = storeOn(left);
    expect(store.totals().acceptedShares).toBe(1);
    expect(() => commit(store, "b")).toThrow(fault("ledger-disk-full", "make room on it"));
    disk.drain();
    commit(store, "b");
    expect(store.totals().acceptedShares).toBe(2);
  });

  it("is refused where the disk is read-only, and used again when it no longer is", () => {
    const disk = mounted(1_024);
    const store = storeOn(join(disk.folder, "ledger.db"));
    commit(store, "a");
    store.close();
    disk.setReadOnly(true);
    expect(() => commit(store, "b")).toThrow(fault("ledger-not-writable", "check"));
    disk.setReadOnly(false);
    commit(store, "b");
    expect(store.totals().acceptedShares).toBe(2);
    store.close();
  });
});
