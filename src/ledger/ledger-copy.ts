/**
 * Copies a ledger into a new file. It is looked through first, which holds up the thread, and then copied page by page, so
 * that a signal is heard meanwhile.
 */

import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { makeOwnFile } from "../core/own-file.ts";
import { type SyncDisk, syncPath } from "../core/sync-path.ts";
import { LedgerError } from "./errors.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

type OpenLedger = { readonly database: LedgerDatabase; readonly file: string };

export type LedgerCopy = { readonly sizeBytes: number };

/** What it uses of the file system to give the copy its name. */
export type CopyDisk = SyncDisk & Pick<typeof fs, "linkSync" | "renameSync">;

export type LedgerCopyOptions = {
  /** Ends it; nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Runs `work`, which may take minutes and hears no signal. While it does nothing is there that could be left behind. */
  readonly holdUp?: <T>(work: () => T) => Promise<T>;
  readonly disk?: CopyDisk;
};

/** At one go: 4 MB, some milliseconds. */
const PAGES_AT_ONCE = 1_024;

/** What a file system says that has no links: FAT, and some that are shared over a network. */
const WITHOUT_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** What one says that syncs files and no folders. */
const WITHOUT_FOLDER_SYNC = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/**
 * @param ledger open for reading; `file` is for messages.
 * @throws {LedgerError}
 */
export async function copyLedger(
  { database, file }: OpenLedger,
  target: string,
  { signal, holdUp = async (work) => work(), disk = fs }: LedgerCopyOptions = {},
): Promise<LedgerCopy> {
  // Absolute: of another the driver would drop blanks at its begin.
  const unfinished = join(dirname(resolve(target)), `.${basename(target)}.${process.pid}`);
  const ours = new Set<string>();
  const make = (): void => {
    makeOwnFile(unfinished, "wx");
    ours.add(unfinished).add(`${unfinished}-journal`);
  };
  try {
    if (fs.existsSync(target)) throw isTaken(target);
    // A folder that takes no file is known before the ledger is looked through.
    make();
    removeAll(ours);
    await inOneMoment(database, async () => {
      await holdUp(() => check({ database, file }));
      make();
      await copyPages(database, unfinished, signal);
    });
    syncPath(unfinished, disk);
    publish(unfinished, target, disk);
    ours.add(target);
    syncFolder(dirname(target), disk);
    const { size: sizeBytes } = fs.statSync(target);
    ours.delete(target);
    return { sizeBytes };
  } catch (cause) {
    throw copyError(cause, { file, target });
  } finally {
    removeAll(ours);
  }
}

function removeAll(files: Set<string>): void {
  for (const path of files) fs.rmSync(path, { force: true });
  files.clear();
}

/** While a transaction reads, the pool's commits are beside the copy and do not begin it anew. */
async function inOneMoment(database: LedgerDatabase, work: () => Promise<void>): Promise<void> {
  database.exec("BEGIN");
  try {
    await work();
  } finally {
    // After some faults SQLite has ended it itself.
    if (database.inTransaction) database.exec("COMMIT");
  }
}

/** Page by page what is damaged would be copied as well, and be known when it is needed. */
function check({ database, file }: OpenLedger): void {
  if (database.pragma("quick_check(1)", { simple: true }) === "ok") return;
  throw new LedgerError("ledger-corrupt", `the ledger ${file} is damaged: no copy was made; keep earlier ones`);
}

async function copyPages(database: LedgerDatabase, into: string, signal?: AbortSignal): Promise<void> {
  await database.backup(into, {
    progress: () => {
      signal?.throwIfAborted();
      return PAGES_AT_ONCE;
    },
  });
  signal?.throwIfAborted();
}

/**
 * Gives the copy its name, and takes no other file's place.
 * @throws {Error} `EEXIST` where there is one.
 */
function publish(unfinished: string, target: string, disk: CopyDisk): void {
  try {
    return disk.linkSync(unfinished, target);
  } catch (error) {
    if (!WITHOUT_LINKS.includes(codeOf(error))) throw error;
  }
  // The place is taken by an empty file, which the copy may replace.
  makeOwnFile(target, "wx", disk);
  try {
    disk.renameSync(unfinished, target);
  } catch (error) {
    fs.rmSync(target, { force: true });
    throw error;
  }
}

function syncFolder(folder: string, disk: CopyDisk): void {
  try {
    syncPath(folder, disk);
  } catch (error) {
    if (!WITHOUT_FOLDER_SYNC.includes(codeOf(error))) throw error;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
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
