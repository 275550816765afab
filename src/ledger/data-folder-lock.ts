/**
 * One pool on one data folder. The lock is SQLite's on a file of its own, and so the operating system's: it ends with the
 * process, however that ends, and no file that is left behind keeps anybody out.
 */

import { join } from "node:path";
import Database from "better-sqlite3";
import { LedgerError } from "./errors.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";

/** A pool that is being stopped, with the next one started already, is waited for. */
const LOCK_TIMEOUT_MS = 6_000;

/** A handle that nobody refers to is closed with the next garbage, and the lock ends. */
const HELD = new Set<Database.Database>();

export type DataFolderLock = { release(): void };

/**
 * Takes the folder, waiting for another pool that is about to end.
 * @throws {LedgerError} `data-folder-in-use`, or why the folder cannot be locked.
 */
export function lockDataFolder(folder: string, options: { readonly timeoutMs?: number } = {}): DataFolderLock {
  const file = join(folder, "pool.lock");
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: options.timeoutMs ?? LOCK_TIMEOUT_MS });
    // Nothing is written, not even a journal's file: a full disk keeps nobody from the lock.
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
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
    const error = ledgerErrorOf(cause, file);
    if (error.code !== "ledger-locked") throw error;
    throw new LedgerError(
      "data-folder-in-use",
      `another pool runs on the data folder "${folder}": stop that one, or set another data_dir`,
      cause,
    );
  }
}
