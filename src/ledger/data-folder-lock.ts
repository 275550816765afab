/**
 * One pool on one data folder. The lock is SQLite's on a file of its own, and so the operating system's: it ends with the
 * process, however that ends, and no file that is left behind keeps anybody out.
 */

import { accessSync, chmodSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { makeOwnFile } from "../core/own-file.ts";
import { LedgerError } from "./errors.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";

/** A pool that is being stopped, with the next one started already, is waited for. */
export const FOLDER_LOCK_TIMEOUT_MS = 6_000;

/** Who can read the file can lock it, and keep the pool out. */
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** A handle that nobody refers to is closed with the next garbage, and the lock ends. */
const HELD = new Set<Database.Database>();

export type DataFolderLock = { release(): void };

/**
 * Takes the folder, waiting for so long for another pool that is about to end.
 * @throws {LedgerError} with disposition `shutdown` where another pool has it (`data-folder-in-use`), or its file cannot be
 *   used (`data-folder-lock`); with `ignore` where nothing can be written in the folder: no more can another pool.
 */
export function lockDataFolder(folder: string, { timeoutMs }: { readonly timeoutMs: number }): DataFolderLock {
  const file = join(folder, "pool.lock");
  let database: Database.Database | undefined;
  try {
    makeFile(file);
    database = new Database(file, { timeout: timeoutMs });
    takeExclusively(database);
    const taken = database;
    HELD.add(taken);
    return {
      release: () => {
        HELD.delete(taken);
        taken.close();
      },
    };
  } catch (cause) {
    database?.close();
    throw lockErrorOf(cause, { folder, file });
  }
}

/**
 * Makes the file, or keeps others out of the one that there is. It is never opened: where this process closes a file that
 * it has locked elsewhere, it loses the lock.
 */
function makeFile(file: string): void {
  try {
    makeOwnFile(file, "wx");
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if ((statSync(file).mode & OTHERS) === 0) return;
  try {
    chmodSync(file, OWNER_ONLY);
  } catch {
    // Where it is another user's or the disk is read-only, that shows when it is locked, if it matters.
  }
}

/**
 * Nothing is written, not even a journal's file: a full disk keeps nobody from the lock.
 * @throws {Error} SQLite's.
 */
function takeExclusively(database: Database.Database): void {
  database.pragma("journal_mode = MEMORY");
  database.exec("BEGIN EXCLUSIVE");
  // A file that cannot be written SQLite opens for reading, and shares the lock with all who do so. There, this throws.
  database.pragma("user_version = 1");
}

function lockErrorOf(
  cause: unknown,
  { folder, file }: { readonly folder: string; readonly file: string },
): LedgerError {
  const error = ledgerErrorOf(cause, file);
  if (error.code === "ledger-locked") {
    return new LedgerError(
      "data-folder-in-use",
      `another pool runs on the data folder "${folder}": stop that one, or set another data_dir`,
      cause,
    );
  }
  if (error.code === "ledger-disk-full" || error.code === "ledger-disk-error") return error;
  const refusal = refusalOf(folder);
  if (refusal !== undefined) {
    const advice = "check its owner and rights, and whether it is mounted read-only";
    return new LedgerError(
      "ledger-not-writable",
      `nothing can be written in the data folder "${folder}" (${refusal}): ${advice}`,
      cause,
    );
  }
  return new LedgerError(
    "data-folder-lock",
    `the lock of the data folder, ${file}, cannot be used: while no pool runs there, remove it, or give it to the pool's user`,
    cause,
  );
}

/** The system's word for why nothing can be made in the folder; undefined where it can. */
function refusalOf(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "failed";
  }
}
