/** What SQLite says, as a ledger's error: the code, and a sentence that says what to do. */

import Database from "better-sqlite3";
import { LedgerError, type LedgerErrorCode } from "./errors.ts";

/** By SQLite's primary result code, which its extended ones begin with. */
const KNOWN: readonly { readonly prefix: string; readonly code: LedgerErrorCode; readonly says: string }[] = [
  { prefix: "SQLITE_FULL", code: "ledger-disk-full", says: "cannot grow: its disk is full; make room on it" },
  {
    prefix: "SQLITE_READONLY",
    code: "ledger-not-writable",
    says: "cannot be written: check its owner and rights, and those of its folder",
  },
  {
    prefix: "SQLITE_PERM",
    code: "ledger-not-writable",
    says: "cannot be written: check its owner and rights, and those of its folder",
  },
  {
    prefix: "SQLITE_CANTOPEN",
    code: "ledger-not-writable",
    says: "cannot be opened: check that its folder is there and can be written",
  },
  { prefix: "SQLITE_BUSY", code: "ledger-locked", says: "is locked by another program: end that" },
  { prefix: "SQLITE_LOCKED", code: "ledger-locked", says: "is locked by another program: end that" },
  {
    prefix: "SQLITE_CORRUPT",
    code: "ledger-corrupt",
    says: "is damaged: restore it from a backup, or move it away to begin a new one",
  },
  {
    prefix: "SQLITE_NOTADB",
    code: "ledger-corrupt",
    says: "is no ledger: restore it from a backup, or move it away to begin a new one",
  },
  { prefix: "SQLITE_IOERR", code: "ledger-disk-error", says: "cannot be read or written: check its disk" },
];

/** @param file the ledger's, named in the message. */
export function ledgerErrorOf(error: unknown, file: string): LedgerError {
  if (error instanceof LedgerError) return error;
  const sqliteCode = error instanceof Database.SqliteError ? error.code : undefined;
  const known = KNOWN.find(({ prefix }) => sqliteCode?.startsWith(prefix));
  if (known !== undefined) {
    return new LedgerError(known.code, `the ledger ${file} ${known.says} (${sqliteCode})`, error);
  }
  const words = error instanceof Error ? error.message : String(error);
  // better-sqlite3's own word for a folder that is not there.
  if (words.includes("directory does not exist")) {
    return new LedgerError("ledger-not-writable", `the ledger ${file} has no folder: make it, or set data_dir`, error);
  }
  return new LedgerError("ledger-failed", `the ledger ${file} failed: ${words}`, error);
}
