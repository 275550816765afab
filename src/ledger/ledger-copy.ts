/** Copies a ledger into a new file, page by page, so that a signal is heard meanwhile. */

import { closeSync, existsSync, linkSync, openSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { syncPath } from "../core/sync-path.ts";
import { LedgerError } from "./errors.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

type OpenLedger = { readonly database: LedgerDatabase; readonly file: string };

export type LedgerCopy = { readonly sizeBytes: number };

/** At one go: 4 MB, some milliseconds. */
const PAGES_AT_ONCE = 1_024;

const OWNER_ONLY = 0o600;

/**
 * @param ledger open for reading; `file` is for messages.
 * @param signal ends it; nothing is left behind.
 * @throws {LedgerError}
 */
export async function copyLedger(
  { database, file }: OpenLedger,
  target: string,
  signal?: AbortSignal,
): Promise<LedgerCopy> {
  // Absolute: of another the driver would drop blanks at its begin.
  const unfinished = join(dirname(resolve(target)), `.${basename(target)}.${process.pid}`);
  let isOurs = false;
  try {
    if (existsSync(target)) throw isTaken(target);
    closeSync(openSync(unfinished, "wx", OWNER_ONLY));
    isOurs = true;
    await copyPages({ database, file }, unfinished, signal);
    syncPath(unfinished);
    // Unlike a rename it takes no other file's place.
    linkSync(unfinished, target);
    syncPath(dirname(target));
    return { sizeBytes: statSync(target).size };
  } catch (cause) {
    throw copyError(cause, { file, target });
  } finally {
    if (isOurs) for (const path of [unfinished, `${unfinished}-journal`]) rmSync(path, { force: true });
  }
}

/** Of one moment: while a transaction reads, the pool's commits are beside the copy and do not begin it anew. */
async function copyPages({ database, file }: OpenLedger, into: string, signal?: AbortSignal): Promise<void> {
  database.exec("BEGIN");
  try {
    // Page by page what is damaged would be copied as well, and be known when it is needed.
    if (database.pragma("quick_check(1)", { simple: true }) !== "ok") {
      throw new LedgerError("ledger-corrupt", `the ledger ${file} is damaged: no copy was made; keep earlier ones`);
    }
    await database.backup(into, {
      progress: () => {
        signal?.throwIfAborted();
        return PAGES_AT_ONCE;
      },
    });
    signal?.throwIfAborted();
  } finally {
    database.exec("COMMIT");
  }
}

function isTaken(target: string, cause?: unknown): LedgerError {
  return new LedgerError("ledger-not-writable", `there is a file ${target} already: name another one`, cause);
}

function copyError(cause: unknown, { file, target }: { readonly file: string; readonly target: string }): LedgerError {
  const { code = "", syscall, name } = cause as NodeJS.ErrnoException;
  if (name === "AbortError") return new LedgerError("ledger-failed", `no copy ${target} was made: it was ended`, cause);
  if (code === "EEXIST") return isTaken(target, cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new LedgerError("ledger-disk-full", `no copy ${target} can be made: its disk is full (${code})`, cause);
  }
  if (syscall !== undefined) {
    const needed = "a new file in a folder that is there and can be written is needed";
    return new LedgerError("ledger-not-writable", `no copy ${target} can be made (${code}): ${needed}`, cause);
  }
  // Of what SQLite itself says, a damaged or locked file is the ledger; all else is about the copy.
  const isOfLedger = /^SQLITE_(?:BUSY|CORRUPT|NOTADB)/.test(code);
  return ledgerErrorOf(cause, isOfLedger ? file : target);
}
