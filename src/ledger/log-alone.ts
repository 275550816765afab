/** A ledger's file that is gone, with the log of its changes left. */

import { statSync } from "node:fs";
import { LedgerError } from "./errors.ts";

/**
 * SQLite removes a log beside an empty file, and takes one beside another ledger's file over into that: it may be all that
 * is left of a ledger.
 * @throws {LedgerError} `ledger-corrupt` where the file is absent or empty, and a log of its changes is there.
 */
export function refuseLogAlone(file: string): void {
  const log = `${file}-wal`;
  if (!isEmpty(file) || isEmpty(log)) return;
  throw new LedgerError(
    "ledger-corrupt",
    `the ledger ${file} is gone, and what was stored last is in ${log}: keep that, and restore the ledger from a backup, or move both away to begin a new one`,
  );
}

/** There is nothing in the file, or there is none. */
export function isEmpty(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Whether there is neither a ledger nor what is left of one; false where that cannot be seen. */
export function isWithoutLedger(file: string): boolean {
  try {
    return isEmpty(file) && isEmpty(`${file}-wal`);
  } catch {
    // What keeps it from being seen is said by whoever opens it.
    return false;
  }
}
