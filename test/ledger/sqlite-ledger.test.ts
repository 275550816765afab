import { SqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { ledgerFile, RETENTION } from "./ledger-file.ts";
import { describeLedger } from "./ledger-suite.ts";

describeLedger(
  "SqliteLedger",
  async () => new SqliteLedger({ file: ledgerFile(), durability: "full", retention: RETENTION }),
);
