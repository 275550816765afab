/**
 * Whether a ledger's files are where they were opened. What is written to a file that was removed is lost with it, and
 * SQLite would not notice.
 */

import { type BigIntStats, rmSync, statSync } from "node:fs";
import type { LedgerDatabase } from "./sqlite-file.ts";

/** `log`: the file itself is in its place, and one of those beside it is not: the log of changes, or its index. */
export type MissingPart = "file" | "log";

/** As SQLite names what is beside the file, while one connection is open. */
const BESIDE = ["-wal", "-shm"];
/** Files that only what is called here writes; the index is shared memory. */
const WRITTEN = ["", "-wal"];

/** By suffix; without those that are not there. */
type Files = ReadonlyMap<string, BigIntStats>;

export class LedgerPlace {
  readonly #file: string;
  readonly #opened: Files;
  /** As they were when they were used last. */
  #left: Files;

  /** @param file opened by SQLite, with what is beside it. */
  constructor(file: string) {
    this.#file = file;
    this.#opened = this.#look();
    this.#left = this.#opened;
  }

  /** What happened to the files since they were used last; undefined where they are as they were left. */
  get change(): MissingPart | "touched" | undefined {
    const files = this.#look();
    const isSame = WRITTEN.every((suffix) => stampOf(files.get(suffix)) === stampOf(this.#left.get(suffix)));
    return this.#missingOf(files) ?? (isSame ? undefined : "touched");
  }

  /** Undefined while all is in its place. */
  get missing(): MissingPart | undefined {
    return this.#missingOf(this.#look());
  }

  /** Of the file itself: changes with each write. */
  get stamp(): string {
    return stampOf(this.#look().get(""));
  }

  /** To be called after each use of the files. @returns what is not in its place. */
  leave(): MissingPart | undefined {
    this.#left = this.#look();
    return this.#missingOf(this.#left);
  }

  /**
   * Removes what was left beside the file where that itself is not in its place any more: SQLite would take the changes
   * of the old one over into whatever is there now.
   */
  removeLeft(): void {
    const files = this.#look();
    if (this.#isIn(files, "")) return;
    for (const suffix of BESIDE) if (this.#isIn(files, suffix)) rmSync(this.#file + suffix);
  }

  #look(): Files {
    const files = new Map<string, BigIntStats>();
    for (const suffix of ["", ...BESIDE]) {
      const stat = statSync(this.#file + suffix, { bigint: true, throwIfNoEntry: false });
      if (stat !== undefined) files.set(suffix, stat);
    }
    return files;
  }

  #missingOf(files: Files): MissingPart | undefined {
    if (!this.#isIn(files, "")) return "file";
    return BESIDE.every((suffix) => this.#isIn(files, suffix)) ? undefined : "log";
  }

  #isIn(files: Files, suffix: string): boolean {
    const [now, opened] = [files.get(suffix), this.#opened.get(suffix)];
    return now !== undefined && now.dev === opened?.dev && now.ino === opened.ino;
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

/** Empty of a file that is not there. */
function stampOf(stat: BigIntStats | undefined): string {
  return stat === undefined ? "" : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}
