/**
 * The one folder in which all that a test run lays down for a while is, and with which it is gone: also what a test does not
 * take away itself, or cannot, because it was cut off.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How `os.tmpdir()` is told, here and in every process of the run: on Windows by the last two. */
const VARIABLES = ["TMPDIR", "TEMP", "TMP"];

export const RUN_FOLDER_PREFIX = "adit-tests-";

/** Makes it, and has `os.tmpdir()` be it from now on, for what that environment is handed to. @returns what undoes both. */
export function enterRunFolder(environment: NodeJS.ProcessEnv): () => void {
  const folder = mkdtempSync(join(tmpdir(), RUN_FOLDER_PREFIX));
  const before = VARIABLES.map((name) => [name, environment[name]] as const);
  for (const name of VARIABLES) environment[name] = folder;
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete environment[name];
      else environment[name] = value;
    }
    // A process of the last test may still be leaving it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  };
}
