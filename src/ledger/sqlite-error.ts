/** What SQLite and the system say, as a ledger's error: the code, and a sentence that says what to do. */

import { LedgerError, type LedgerErrorCode } from "./errors.ts";

type Known = {
  /** SQLite's primary result codes, which its extended ones begin with, and the system's. */
  readonly causes: readonly string[];
  readonly code: LedgerErrorCode;
  readonly says: string;
};

const KNOWN: readonly Known[] = [
  {
    // The last: there is no room for what connections share about the file's log of changes.
    causes: ["SQLITE_FULL", "ENOSPC", "EDQUOT", "SQLITE_IOERR_SHMSIZE"],
    code: "ledger-disk-full",
    says: "cannot grow: its disk is full; make room on it",
  },
  {
    causes: ["SQLITE_READONLY", "SQLITE_PERM", "EACCES", "EPERM", "EROFS"],
    code: "ledger-not-writable",
    says: "cannot be written: check its owner and rights, and those of its folder",
  },
  {
    causes: ["SQLITE_CANTOPEN"],
    code: "ledger-not-writable",
    says: "cannot be opened: check that its folder is there and can be written",
  },
  { causes: ["EISDIR"], code: "ledger-not-writable", says: "is a folder: move it away" },
  { causes: ["ENOENT", "ENOTDIR"], code: "ledger-not-writable", says: "has no folder: make it, or set data_dir" },
  {
    causes: ["SQLITE_BUSY", "SQLITE_LOCKED"],
    code: "ledger-locked",
    says: "is locked by another program: end that",
  },
  {
    causes: ["SQLITE_CORRUPT"],
    code: "ledger-corrupt",
    says: "is damaged: restore it from a backup, or move it away to begin a new one",
  },
  {
    causes: ["SQLITE_NOTADB"],
    code: "ledger-corrupt",
    says: "is no ledger: restore it from a backup, or move it away to begin a new one",
  },
  { causes: ["SQLITE_IOERR", "EIO"], code: "ledger-disk-error", says: "cannot be read or written: check its disk" },
];

/** @param file the ledger's, named in the message. */
export function ledgerErrorOf(error: unknown, file: string): LedgerError {
  if (error instanceof LedgerError) return error;
  const cause = error instanceof Error ? String((error as NodeJS.ErrnoException).code ?? "") : "";
  const known = KNOWN.find(({ causes }) => causes.some((prefix) => cause.startsWith(prefix)));
  if (known !== undefined) return new LedgerError(known.code, `the ledger ${file} ${known.says} (${cause})`, error);
  const words = error instanceof Error ? error.message : String(error);
  // better-sqlite3's own word for a folder that is not there.
  if (words.includes("directory does not exist")) {
    return new LedgerError("ledger-not-writable", `the ledger ${file} has no folder: make it, or set data_dir`, error);
  }
  return new LedgerError("ledger-failed", `the ledger ${file} failed: ${words}`, error);
}
