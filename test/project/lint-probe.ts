/** What the linter, as it is configured here, says of files that are not here. */

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const ROOT: string = join(import.meta.dirname, "../..");

/**
 * All that Biome prints of one file with that path and text. It stands in a tree of its own, since whatever reads the
 * real one at the same time would come across it.
 */
export function lintOf(path: string, text: string): string {
  const tree = mkdtempSync(join(tmpdir(), "adit-lint-"));
  try {
    for (const name of ["biome.json", ".gitignore"]) copyFileSync(join(ROOT, name), join(tree, name));
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text);
    const biome = join(ROOT, "node_modules/.bin/biome");
    const { stdout, stderr, error } = spawnSync(biome, ["lint", "--colors=off"], { cwd: tree, encoding: "utf8" });
    if (error !== undefined) throw error;
    return stdout + stderr;
  } finally {
    rmSync(tree, { recursive: true });
  }
}
