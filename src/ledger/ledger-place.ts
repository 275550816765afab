/**
 * Whether a ledger's files are where they were opened. What is written to a file that was removed is lost with it, and
 * SQLite would not notice.
 */

import { rmSync, statSync } from "node:fs";
import type { LedgerDatabase } from "./sqlite-file.ts";

/** `log`: the file itself is in its place, and one of those beside it is not: the log of changes, or its index. */
export type MissingPart = "file" | "log";

/** As SQLite names them, while one connection is open. */
const BESIDE = ["-wal", "-shm"];

/** Files that only what is called here writes; the index is shared memory. */
const WRITTEN = ["", "-wal"];

export class LedgerPlace {
  readonly #file: string;
  readonly #opened: ReadonlyMap<string, string>;
  #written: string;

  /** @param file opened by SQLite, with what is beside it. */
  constructor(file: string) {
    this.#file = file;
    this.#opened = new Map(["", ...BESIDE].map((suffix) => [suffix, identityOf(file + suffix)]));
    this.#written = this.#stamps();
  }

  /** Whether another program wrote to the files since `noteWritten`. */
  get isTouched(): boolean {
    return this.#stamps() !== this.#written;
  }

  /** Of the file itself, without what is beside it. */
  get stamp(): string {
    return stampOf(this.#file);
  }

  /** To be called after each use of the files. */
  noteWritten(): void {
    this.#written = this.#stamps();
  }

  #stamps(): string {
    return WRITTEN.map((suffix) => stampOf(this.#file + suffix)).join(" ");
  }

  /** Undefined while all is in its place. */
  get missing(): MissingPart | undefined {
    if (!this.#isThere("")) return "file";
    return BESIDE.every((suffix) => this.#isThere(suffix)) ? undefined : "log";
  }

  /**
   * Removes what was left beside the file where that itself is not in its place any more: SQLite would take the changes
   * of the old one over into whatever is there now.
   */
  removeLeft(): void {
    if (this.#isThere("")) return;
    for (const suffix of BESIDE) if (this.#isThere(suffix)) rmSync(this.#file + suffix);
  }

  #isThere(suffix: string): boolean {
    const identity = identityOf(this.#file + suffix);
    return identity !== "" && identity === this.#opened.get(suffix);
  }
}

/**
 * Takes all that is in the log over into the file, by the handles that are open. The next log begins anew, in a file with
 * a name.
 * @returns false where a reader that is at work keeps it from that.
 * @throws {Error} SQLite's.
 */
export function takeOverLog(database: LedgerDatabase): boolean {
  return database.pragma("wal_checkpoint(TRUNCATE)", { simple: true }) === 0;
}

/** Changes with each write. Empty where there is no such file. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}

/** Empty where there is no such file. */
function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
}
