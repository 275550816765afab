/** What the spool's thread is asked and answers, and how it does so. */

import type { SpooledBlock } from "./spool.ts";
import { type SystemFault, systemFault } from "./spool-advice.ts";
import type { SpoolFolder, SpoolReading } from "./spool-folder.ts";

export type SpoolTask =
  /** `names`: of the files to read; without it all that there are. */
  | { readonly kind: "read"; readonly names?: readonly string[] }
  | { readonly kind: "write"; readonly block: SpooledBlock }
  | { readonly kind: "remove" | "set-aside"; readonly name: string };

export type SpoolOrder = { readonly id: number; readonly task: SpoolTask };

export type SpoolFailure = SystemFault & { readonly ok: false };

export type SpoolResult = { readonly ok: true; readonly reading: SpoolReading | undefined } | SpoolFailure;

export type SpoolAnswer = { readonly id: number; readonly result: SpoolResult };

/** Does it, in the calling thread. Never throws. */
export function carryOut(task: SpoolTask, folder: SpoolFolder): SpoolResult {
  try {
    return { ok: true, reading: done(task, folder) };
  } catch (error) {
    return { ok: false, ...systemFault(error) };
  }
}

function done(task: SpoolTask, folder: SpoolFolder): SpoolReading | undefined {
  switch (task.kind) {
    case "read":
      return folder.read(task.names);
    case "write":
      return void folder.write(task.block);
    case "remove":
      return void folder.remove(task.name);
    case "set-aside":
      return void folder.setAside(task.name);
  }
}
