import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type CopyDisk, copyLedger, type LedgerCopyOptions } from "../../src/ledger/ledger-copy.ts";
import { LedgerFileReader } from "../../src/ledger/ledger-file-reader.ts";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { type LedgerDatabase, openLedgerFileToRead } from "../../src/ledger/sqlite-file.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

let file: string;
let folder: string;
let target: string;
let database: LedgerDatabase;
beforeEach(() => {
  file = ledgerFile();
  folder = dirname(file);
  target = join(folder, "copy.db");
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
  store.commit(batchOf("a", creditOf({ acceptedShares: 3 })));
  store.close();
  database = openLedgerFileToRead(file);
  onTestFinished(() => void database.close());
});

const copy = (options?: LedgerCopyOptions) => copyLedger({ database, file }, target, options);

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

/** A disk where one operation fails. */
function diskThatFails(operation: "linkSync" | "renameSync", code: string): CopyDisk {
  const fail = (): never => {
    throw systemError(code, operation.replace("Sync", ""));
  };
  return { ...fs, [operation]: fail };
}

const withoutLinks = (code: string): CopyDisk => diskThatFails("linkSync", code);

/** A disk that fails to sync a folder. */
function diskWithoutFolderSync(code: string): CopyDisk {
  return {
    ...fs,
    fsyncSync: (descriptor) => {
      if (fs.fstatSync(descriptor).isDirectory()) throw systemError(code, "fsync");
      fs.fsyncSync(descriptor);
    },
  };
}

const sharesOf = async (path: string): Promise<number> => (await new LedgerFileReader(path).totals()).acceptedShares;

describe("a copy of a ledger", () => {
  it.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])("is made where there are no links (%s)", async (code) => {
    expect(await copy({ disk: withoutLinks(code) })).toEqual({ sizeBytes: fs.statSync(target).size });
    expect(await sharesOf(target)).toBe(3);
    expect(fs.statSync(target).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(folder).sort()).toEqual(["copy.db", "ledger.db"]);
  });

  it("takes no other file's place there either", async () => {
    const disk = withoutLinks("EPERM");
    const linkSync = (from: fs.PathLike, to: fs.PathLike): void => {
      // Another program is faster.
      fs.writeFileSync(to, "another's");
      disk.linkSync(from, to);
    };
    await expect(copy({ disk: { ...disk, linkSync } })).rejects.toThrow(`there is a file ${target} already`);
    expect(fs.readFileSync(target, "utf8")).toBe("another's");
    expect(fs.readdirSync(folder).sort()).toEqual(["copy.db", "ledger.db"]);
  });

  it("that gets no name there leaves nothing behind", async () => {
    const disk = { ...withoutLinks("EPERM"), renameSync: diskThatFails("renameSync", "EIO").renameSync };
    await expect(copy({ disk })).rejects.toThrow(`no copy ${target} can be made (EIO)`);
    expect(fs.readdirSync(folder)).toEqual(["ledger.db"]);
  });

  it("is refused where a link fails for another reason", async () => {
    await expect(copy({ disk: withoutLinks("EIO") })).rejects.toThrow(`no copy ${target} can be made (EIO)`);
    expect(fs.readdirSync(folder)).toEqual(["ledger.db"]);
  });

  it("is made where folders cannot be synced, and leaves nothing behind where that fails", async () => {
    await expect(copy({ disk: diskWithoutFolderSync("EIO") })).rejects.toThrow("(EIO)");
    expect(fs.readdirSync(folder)).toEqual(["ledger.db"]);
    await copy({ disk: diskWithoutFolderSync("EINVAL") });
    expect(await sharesOf(target)).toBe(3);
  });

  it("says first what was wrong, where SQLite has ended the transaction for it, and can be made again", async () => {
    const { backup } = database;
    database.backup = () => {
      database.exec("ROLLBACK");
      return Promise.reject(systemError("EIO", "read"));
    };
    await expect(copy()).rejects.toThrow(`no copy ${target} can be made (EIO)`);
    database.backup = backup;
    await copy();
    expect(await sharesOf(target)).toBe(3);
  });

  it("is nowhere while the ledger is looked through, and refused before that where its folder takes no file", async () => {
    let looks = 0;
    const holdUp = async <T>(work: () => T): Promise<T> => {
      looks += 1;
      expect(fs.readdirSync(folder)).toEqual(["ledger.db"]);
      expect(database.inTransaction).toBe(true);
      return work();
    };
    await copy({ holdUp });
    await expect(copyLedger({ database, file }, join(folder, "nowhere", "copy.db"), { holdUp })).rejects.toMatchObject({
      code: "ledger-not-writable",
    });
    expect(looks).toBe(1);
  });
});
