/**
 * Reads a ledger's file from outside the pool, while one writes to it or after one was killed, and copies it. It is opened
 * for reading alone: nothing in it changes, and the pool waits for nothing.
 */

import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LedgerError } from "./errors.ts";
import type { BlockRecord, LedgerReader, LedgerReport, LedgerTotals, Period } from "./ledger.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import { type LedgerDatabase, openLedgerFileToRead } from "./sqlite-file.ts";

export class LedgerFileReader implements LedgerReader {
  readonly #file: string;
  readonly #database: LedgerDatabase;
  readonly #queries: LedgerQueries;

  /** @throws {LedgerError} */
  constructor(file: string) {
    if (!existsSync(file)) {
      throw new LedgerError("ledger-missing", `there is no ledger ${file}: name the pool's folder by --data-dir`);
    }
    this.#file = file;
    this.#database = openLedgerFileToRead(file);
    this.#queries = new LedgerQueries(this.#database);
  }

  async totals(): Promise<LedgerTotals> {
    return this.#read(() => this.#queries.totals());
  }

  async totalsOf(userIdentity: string): Promise<LedgerTotals> {
    return this.#read(() => this.#queries.totalsOf(userIdentity));
  }

  async report(period: Period): Promise<LedgerReport> {
    return this.#read(() => this.#queries.report(period));
  }

  async blocks(): Promise<readonly BlockRecord[]> {
    return this.#read(() => this.#queries.blocks());
  }

  /**
   * Writes the ledger, as it is at one moment, into a new file: whole and on the disk when it returns, or not at all.
   * @throws {LedgerError} `ledger-not-writable` also where there is such a file.
   */
  copyTo(target: string): void {
    const unfinished = join(dirname(target), `.${basename(target)}.${process.pid}`);
    try {
      this.#database.prepare("VACUUM INTO ?").run(unfinished);
      syncPath(unfinished);
      // Unlike a rename it takes no other file's place.
      linkSync(unfinished, target);
      syncPath(dirname(target));
    } catch (cause) {
      throw copyError(cause, { file: this.#file, target });
    } finally {
      rmSync(unfinished, { force: true });
    }
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw ledgerErrorOf(error, this.#file);
    }
  }
}

function copyError(cause: unknown, { file, target }: { readonly file: string; readonly target: string }): LedgerError {
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (code === "EEXIST") {
    return new LedgerError("ledger-not-writable", `there is a file ${target} already: name another one`, cause);
  }
  // Of what SQLite itself says, a damaged or locked file is the ledger; all else is about the copy.
  const isOfLedger = /^SQLITE_(?:BUSY|CORRUPT|NOTADB)/.test(code);
  return ledgerErrorOf(cause, isOfLedger ? file : target);
}

function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
