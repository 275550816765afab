/** Where the ledger is. */

import { join } from "node:path";

/** Of a data folder. */
export function ledgerFile(dataDir: string): string {
  return join(dataDir, "ledger.db");
}
