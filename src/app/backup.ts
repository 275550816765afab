/** The backup command: copies the ledger into a new file, while the pool runs or not. The keys are no part of it. */

import { LedgerFileReader } from "../ledger/ledger-file-reader.ts";
import { UsageError } from "./errors.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { type Arguments, textFlag } from "./flags.ts";
import { ledgerFile } from "./ledger-path.ts";
import type { Output } from "./output.ts";
import type { SignalHandling } from "./signals.ts";

type BackupContext = {
  readonly output: Output;
  readonly dataDir: string;
  /** Those that end it: nothing is left behind. */
  readonly signals: Pick<SignalHandling, "stopSignal" | "unhandled">;
};

/** @throws {UsageError} where no file is named; {LedgerError} where it cannot be written, or the ledger not be read. */
export async function backup(given: Arguments, { output, dataDir, signals }: BackupContext): Promise<number> {
  const file = textFlag(given, "file") ?? "";
  if (file.trim() === "") {
    throw new UsageError("config-invalid", "the file to write is missing: adit backup FILE is needed");
  }
  const stop = new AbortController();
  void signals.stopSignal.then(() => stop.abort());
  const reader = new LedgerFileReader(ledgerFile(dataDir));
  try {
    const { sizeBytes } = await reader.copyTo(file, { signal: stop.signal, holdUp: (work) => signals.unhandled(work) });
    output.print(`${file}: ${sizeBytes} bytes`);
  } finally {
    await reader.close();
  }
  return EXIT_OK;
}
