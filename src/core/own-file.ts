/** Files that their owner alone can read and write. */

import * as fs from "node:fs";

const OWNER_ONLY = 0o600;

/**
 * Makes an empty file.
 * @param flag `wx`: only where there is none; `a`: one that is there already stays as it is.
 * @throws {Error} with a system error's code, such as `EEXIST`.
 */
export function makeOwnFile(
  path: string,
  flag: "wx" | "a",
  disk: Pick<typeof fs, "openSync" | "closeSync"> = fs,
): void {
  disk.closeSync(disk.openSync(path, flag, OWNER_ONLY));
}
