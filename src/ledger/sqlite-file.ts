/** Opens the ledger's file: settings, checks, migrations. */

import { statSync } from "node:fs";
import Database from "better-sqlite3";
import { makeOwnFile } from "../core/own-file.ts";
import { LedgerError } from "./errors.ts";
import { refuseLogAlone } from "./log-alone.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import { APPLICATION_ID, MIGRATIONS } from "./sqlite-schema.ts";
import { unusedLedger } from "./unused-ledger.ts";

export type LedgerDatabase = Database.Database;

/**
 * - `full`: what is committed survives a power failure: each commit waits for the disk.
 * - `normal`: it survives the end of the process, however that comes, and not that of the machine.
 */
export type Durability = "full" | "normal";

/** How long to wait for another program that has the file. Acknowledgements wait as long. Arbitrary. */
const LOCK_TIMEOUT_MS = 1_000;

/** The log of changes is cut to this after it was taken over into the file. Arbitrary: some minutes of a large pool. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;

/**
 * Opens the file for writing, makes it where it is absent, and brings it to the present version.
 * @param migrations of which the version is the number.
 * @throws {LedgerError}
 */
export function openLedgerFile(
  file: string,
  durability: Durability,
  migrations: readonly string[] = MIGRATIONS,
): LedgerDatabase {
  return opened(
    file,
    () => {
      refuseLogAlone(file);
      // SQLite gives its other files the rights of this one.
      makeOwnFile(file, "a");
      return new Database(file, { timeout: LOCK_TIMEOUT_MS });
    },
    (database) => {
      if (database.pragma("journal_mode = WAL", { simple: true }) !== "wal") {
        throw new LedgerError(
          "ledger-not-writable",
          `the ledger ${file} is on a file system without shared memory: data_dir has to be on a local disk`,
        );
      }
      database.pragma(`synchronous = ${durability === "full" ? "FULL" : "NORMAL"}`);
      database.pragma(`journal_size_limit = ${MAX_JOURNAL_BYTES}`);
      // Taken before the version is read: of two programs, one waits for the other.
      database.transaction(() => migrate(database, { file, migrations })).immediate();
    },
  );
}

/**
 * Opens the file for reading alone, as it is used by a pool or was left by one; makes no file.
 * @throws {LedgerError}
 */
export function openLedgerFileToRead(file: string): LedgerDatabase {
  // Of a folder SQLite says no more than that it cannot read it.
  if (isFolder(file)) throw new LedgerError("ledger-not-writable", `the ledger ${file} is a folder: move it away`);
  try {
    return opened(
      file,
      () => {
        refuseLogAlone(file);
        const options = { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS };
        return unusedLedger(file) ?? new Database(file, options);
      },
      (database) => {
        const version = versionOf(database, { file, migrations: MIGRATIONS });
        if (version === 0) {
          throw new LedgerError(
            "ledger-missing",
            `the ledger ${file} is empty: restore it from a backup if it was not before`,
          );
        }
        if (version !== MIGRATIONS.length) {
          throw new LedgerError("ledger-failed", `the ledger ${file} is of an older version: start the pool once`);
        }
      },
    );
  } catch (error) {
    throw readErrorOf(error, file);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // What is wrong with it is SQLite's to say.
    return false;
  }
}

/** Reading a file with a log of changes needs the right to write beside it. */
function readErrorOf(error: unknown, file: string): unknown {
  if (!(error instanceof LedgerError) || error.code !== "ledger-not-writable") return error;
  const message = `the ledger ${file} cannot be read: do it as the pool's user, who can write in its folder`;
  return new LedgerError("ledger-not-writable", message, error.cause);
}

function opened(file: string, open: () => LedgerDatabase, prepare: (database: LedgerDatabase) => void): LedgerDatabase {
  let database: LedgerDatabase | undefined;
  try {
    database = open();
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw ledgerErrorOf(error, file);
  }
}

type Versions = { readonly file: string; readonly migrations: readonly string[] };

function migrate(database: LedgerDatabase, { file, migrations }: Versions): void {
  const version = versionOf(database, { file, migrations });
  // Nothing is written to a file that is up to date: one on a full disk can still be read.
  if (version === migrations.length) return;
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${migrations.length}`);
}

/** How many migrations the file has had. @throws {LedgerError} for what no pool of this version can use. */
function versionOf(database: LedgerDatabase, { file, migrations }: Versions): number {
  const version = Number(database.pragma("user_version", { simple: true }));
  const tables = Number(database.prepare("SELECT COUNT(*) FROM sqlite_schema").pluck().get());
  const isOurs = database.pragma("application_id", { simple: true }) === APPLICATION_ID;
  if (!isOurs && (tables > 0 || version > 0)) {
    throw new LedgerError(
      "ledger-corrupt",
      `the file ${file} is another program's database: move it away to begin a ledger`,
    );
  }
  if (version > migrations.length) {
    throw new LedgerError(
      "ledger-too-new",
      `the ledger ${file} was made by a newer version of Adit (${version}, this one knows ${migrations.length}): use that one`,
    );
  }
  return version;
}
