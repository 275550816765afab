import { statSync } from "node:fs";
import { expect, it } from "vitest";
import { ShareTable } from "../../src/ledger/share-table.ts";
import { openLedgerFile } from "../../src/ledger/sqlite-file.ts";
import { ledgerFile } from "./ledger-file.ts";
import { AT_MS, batchOf, creditOf } from "./ledger-values.ts";

const FLUSHES = 10_000;
const WORKERS = 50;
const SHARES_OF_FLUSH = 1_000;
/** So that all of it takes 35 days. */
const INTERVAL_MS = 300_000;
const RETENTION = { minuteDays: 1, hourDays: 2, dayDays: 4 };

it("a ledger's file is as large after ten million shares as after the days that it keeps", () => {
  const file = ledgerFile();
  const database = openLedgerFile(file, "normal");
  const shares = new ShareTable(database, { retention: RETENTION, maxIdentities: 1_000, maxBatchIds: 1_000 });
  const sizes: number[] = [];
  for (let flush = 0; flush < FLUSHES; flush += 1) {
    // Each ten days there are other workers.
    const days = Math.floor((flush * INTERVAL_MS) / 86_400_000 / 10);
    const credits = Array.from({ length: WORKERS }, (_, index) =>
      creditOf({
        userIdentity: `farm${days}.${index}`,
        acceptedShares: SHARES_OF_FLUSH / WORKERS,
        rejects: index % 10 === 0 ? { "stale-share": 1 } : {},
      }),
    );
    shares.commit(
      { ...batchOf(`${flush}`, ...credits), atMs: AT_MS + flush * INTERVAL_MS },
      { trustedMs: AT_MS + flush * INTERVAL_MS },
    );
    if (flush % (FLUSHES / 10) === FLUSHES / 10 - 1) {
      database.pragma("wal_checkpoint(TRUNCATE)");
      sizes.push(statSync(file).size);
    }
  }
  const accepted = database.prepare("SELECT accepted_shares FROM workers WHERE worker = 0").pluck().get();
  expect(accepted).toBe(FLUSHES * SHARES_OF_FLUSH);
  // Full after seven days: what is kept, and a day or so of what waits to be forgotten.
  const [, full = 0] = sizes;
  expect(Math.max(...sizes)).toBeLessThan(1.2 * full);
  database.close();
});
