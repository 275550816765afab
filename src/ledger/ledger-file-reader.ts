/**
 * Reads a ledger's file from outside the pool, while one writes to it or after one was killed, and copies it. It is opened
 * for reading alone: nothing in it changes, and the pool waits for nothing.
 */

import { statSync } from "node:fs";
import { LedgerError } from "./errors.ts";
import type { BlockRecord, LedgerReader, LedgerReport, LedgerTotals, Period } from "./ledger.ts";
import { copyLedger, type LedgerCopy, type LedgerCopyOptions } from "./ledger-copy.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import { type LedgerDatabase, openLedgerFileToRead } from "./sqlite-file.ts";

export class LedgerFileReader implements LedgerReader {
  readonly #file: string;
  readonly #database: LedgerDatabase;
  readonly #queries: LedgerQueries;

  /** @throws {LedgerError} */
  constructor(file: string) {
    if (!isThere(file)) {
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

  /** When the first that is kept begins, in milliseconds since the epoch; undefined for an empty ledger. */
  async beginMs(): Promise<number | undefined> {
    return this.#read(() => this.#queries.beginMs());
  }

  /**
   * Writes the ledger, as it is at one moment, into a new file for its owner alone: whole and on the disk when it resolves,
   * or not at all.
   * @throws {LedgerError} `ledger-not-writable` also where there is such a file.
   */
  copyTo(target: string, options?: LedgerCopyOptions): Promise<LedgerCopy> {
    return copyLedger({ database: this.#database, file: this.#file }, target, options);
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

/** One that nobody may look at is there, for all that is known. */
function isThere(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}
