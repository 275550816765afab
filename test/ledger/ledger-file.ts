/** Files for ledgers under test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export const RETENTION = { minuteDays: 3, hourDays: 90, dayDays: 3_650 };

/** In a folder of its own, which is removed when the test ends. */
export function ledgerFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "adit-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "ledger.db");
}

/** A clock that was never set. */
export const STORE_CLOCK = { nowMs: (): number => Date.now(), monotonicMs: (): number => performance.now() };
