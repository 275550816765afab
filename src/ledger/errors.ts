/** What can go wrong with a ledger. The message is a sentence for an operator: what is wrong, and what to do. */

import { AditError, IGNORE, SHUTDOWN } from "../core/errors.ts";

export type LedgerErrorCode =
  /** The disk, or the operator's quota on it, is full. */
  | "ledger-disk-full"
  /** File or folder cannot be written, or cannot be had at all. */
  | "ledger-not-writable"
  /** Another program holds the file. */
  | "ledger-locked"
  /** The file is damaged, or something else than a ledger. */
  | "ledger-corrupt"
  /** The disk failed to read or write. */
  | "ledger-disk-error"
  /** The file was removed, or another one put in its place, while it was in use. */
  | "ledger-replaced"
  /** A newer version of the program made it. */
  | "ledger-too-new"
  /** It does not answer. */
  | "ledger-slow"
  /** There is no such file. */
  | "ledger-missing"
  /** A fault of the program's own, or one that SQLite names no other way. */
  | "ledger-failed"
  /** Another process has the data folder. */
  | "data-folder-in-use"
  /** The file that it is locked by cannot be used, though the folder can. */
  | "data-folder-lock";

const SHUTDOWN_CODES: readonly LedgerErrorCode[] = ["data-folder-in-use", "data-folder-lock"];

/** Disposition `ignore`, as all of it may pass and is tried again; `shutdown` where the data folder cannot be had. */
export class LedgerError extends AditError {
  override readonly name = "LedgerError";
  constructor(code: LedgerErrorCode, message: string, cause?: unknown) {
    super(message, { code, disposition: SHUTDOWN_CODES.includes(code) ? SHUTDOWN : IGNORE, cause });
  }

  /** As it crosses from one thread to another. */
  get plain(): PlainLedgerError {
    return { code: this.code as LedgerErrorCode, message: this.message };
  }
}

/** What the log says of the spool, whose faults are thrown at nobody. */
export type SpoolFaultCode =
  /** Folder or files cannot be read: that is tried again. */
  | "spool-unreadable"
  /** A file is cut or changed: it is set aside. */
  | "spool-damaged"
  /** Another version of the program wrote a file: it is left to that. */
  | "spool-version";

export type PlainLedgerError = { readonly code: LedgerErrorCode; readonly message: string };
