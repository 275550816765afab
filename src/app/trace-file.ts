/** The file that a trace goes to: of its own for each start and each change of who is traced, and made with the first line. */

import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TraceSink } from "../server/message-tracer.ts";

/** What miners say of themselves is nobody else's. */
const OWNER_ONLY = 0o600;

/** @param beginsAtMs names the file: `trace-2026-08-20T10-11-12.345Z.jsonl`. */
export function traceFile(folder: string, beginsAtMs: number): TraceSink {
  const path = join(folder, `trace-${new Date(beginsAtMs).toISOString().replaceAll(":", "-")}.jsonl`);
  let file: number | undefined;
  return {
    name: path,
    write(line) {
      file ??= openSync(path, "ax", OWNER_ONLY);
      writeSync(file, `${line}\n`);
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}
