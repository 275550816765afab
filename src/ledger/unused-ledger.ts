/**
 * Reads a ledger that no pool has open as one piece of memory. SQLite itself would make files beside it, which may not be
 * allowed, and which it would leave there: https://sqlite.org/wal.html#read_only_databases
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import Database from "better-sqlite3";

/** A larger one is read by way of those files. Arbitrary: some million workers. */
const MAX_UNUSED_BYTES = 268_435_456;

/** Where the header says how the file is written and read, and what there stands for "without a log of changes". */
const VERSIONS_OFFSET = 18;
const WITHOUT_LOG = 1;

/** @returns undefined where the file is in use, was left in the middle of it, is too large or cannot be read at all. */
export function unusedLedger(file: string): Database.Database | undefined {
  const image = unusedImage(file);
  if (image === undefined) return undefined;
  image.subarray(VERSIONS_OFFSET, VERSIONS_OFFSET + 2).fill(WITHOUT_LOG);
  return new Database(image, { readonly: true });
}

function unusedImage(file: string): Buffer | undefined {
  if (isInUse(file)) return undefined;
  try {
    if (statSync(file).size > MAX_UNUSED_BYTES) return undefined;
    const image = readFileSync(file);
    // A pool that began meanwhile may have changed it.
    return isInUse(file) ? undefined : image;
  } catch {
    // Why not is SQLite's to say.
    return undefined;
  }
}

function isInUse(file: string): boolean {
  return existsSync(`${file}-wal`) || existsSync(`${file}-journal`);
}
