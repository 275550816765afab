/** The report command: from flags to what the ledger has of a period, in one of three forms. */

import type { Clock } from "../core/clock.ts";
import { printableJson } from "../core/printable-text.ts";
import { LedgerFileReader } from "../ledger/ledger-file-reader.ts";
import type { CommandFlag } from "./command.ts";
import { UsageError } from "./errors.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { type Arguments, choiceFlag, textFlag } from "./flags.ts";
import { ledgerFile } from "./ledger-path.ts";
import type { Output } from "./output.ts";
import { CSV_TABLES, csvLines } from "./report-csv.ts";
import { type ReportFigures, reportFigures } from "./report-figures.ts";
import { reportPeriod } from "./report-period.ts";
import { reportLines } from "./report-text.ts";

export const REPORT_FLAGS: readonly CommandFlag[] = [
  { name: "last", type: "string", describe: "So far back from now: 90m, 24h, 7d, 4w, all; 24h if nothing is said" },
  { name: "from", type: "string", describe: "From then on: 2026-08-20, 2026-08-20T10:11Z" },
  { name: "to", type: "string", describe: "Up to then; now if not given" },
  { name: "json", type: "boolean", describe: "As one JSON object, as docs/reports.md has it" },
  { name: "csv", type: "boolean", describe: "As CSV" },
  { name: "csv-table", type: "string", describe: "What the CSV has: workers (the default), blocks or rejects" },
];

type ReportContext = { readonly output: Output; readonly clock: Clock; readonly dataDir: string };

/** @throws {UsageError} for a wrong flag; {LedgerError} where the ledger cannot be read. */
export async function report(given: Arguments, { output, clock, dataDir }: ReportContext): Promise<number> {
  const linesOf = formOf(given);
  const asked = { from: textFlag(given, "from"), to: textFlag(given, "to"), last: textFlag(given, "last") };
  const nowMs = clock.nowMs();
  // Looked at before the ledger is: a wrong flag is wrong whether there is one or not.
  reportPeriod(asked, { nowMs, beginMs: undefined });
  const reader = new LedgerFileReader(ledgerFile(dataDir));
  try {
    const moment = { nowMs, beginMs: await reader.beginMs() };
    const figures = reportFigures(await reader.report(reportPeriod(asked, moment)), moment);
    for (const line of linesOf(figures)) output.print(line);
  } finally {
    await reader.close();
  }
  return EXIT_OK;
}

type LinesOf = (figures: ReportFigures) => string[];

function formOf(given: Arguments): LinesOf {
  const table = choiceFlag(given, "csv-table", CSV_TABLES);
  if (given.csv !== true) {
    if (table !== undefined) throw new UsageError("config-invalid", "--csv-table is given without --csv: add that");
    return given.json === true ? (figures) => [printableJson(figures)] : reportLines;
  }
  if (given.json === true) {
    throw new UsageError("config-invalid", "--json and --csv are both given: one of them is needed");
  }
  return (figures) => csvLines(figures, table ?? "workers").map((line) => `${line}\r`);
}
