/** What the spool's thread is asked and answers, and how it does so. */

import type { SpooledBlock } from "./spool.ts";
import type { SpoolFolder, SpoolReading } from "./spool-folder.ts";

export type SpoolTask =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly block: SpooledBlock }
  | { readonly kind: "remove" | "set-aside"; readonly name: string };

export type SpoolOrder = { readonly id: number; readonly task: SpoolTask };

/** `systemCode`: as `ENOSPC`; empty where the error has none. */
export type SpoolFailure = { readonly ok: false; readonly systemCode: string; readonly reason: string };

export type SpoolResult = { readonly ok: true; readonly reading: SpoolReading | undefined } | SpoolFailure;

export type SpoolAnswer = { readonly id: number; readonly result: SpoolResult };

/** Does it, in the calling thread. Never throws. */
export function carryOut(task: SpoolTask, folder: SpoolFolder): SpoolResult {
  try {
    return { ok: true, reading: done(task, folder) };
  } catch (error) {
    if (!(error instanceof Error)) return { ok: false, systemCode: "", reason: String(error) };
    const { code = "", message } = error as NodeJS.ErrnoException;
    return { ok: false, systemCode: code, reason: message };
  }
}

function done(task: SpoolTask, folder: SpoolFolder): SpoolReading | undefined {
  switch (task.kind) {
    case "read":
      return folder.read();
    case "write":
      return void folder.write(task.block);
    case "remove":
      return void folder.remove(task.name);
    case "set-aside":
      return void folder.setAside(task.name);
  }
}
