import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintOf, ROOT } from "./lint-probe.ts";

const MAX_LINES = 300;

/** That many lines, and nothing else that the linter could mind. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `export const line${index} = ${index};\n`).join("");
}

/** Rust files that we wrote, below `crates/`: not what Cargo and wasm-pack make. */
function rustFiles(): string[] {
  const crates = join(ROOT, "crates");
  return readdirSync(crates)
    .flatMap((crate) => [`${crate}/src`, `${crate}/tests`])
    .flatMap((folder) =>
      readdirSync(join(crates, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(crates, folder, name),
      ),
    )
    .filter((path) => path.endsWith(".rs"));
}

describe("a file", () => {
  it.each(["src/core", "test/core", "bench", "scripts"])("of %s may have 300 lines, and no more", (folder) => {
    const atLimit = lintOf(`${folder}/probe.ts`, lines(MAX_LINES));
    expect(atLimit).toContain("Checked 2 files");
    expect(atLimit).not.toContain("noExcessiveLinesPerFile");
    expect(lintOf(`${folder}/probe.ts`, lines(MAX_LINES + 1))).toContain("noExcessiveLinesPerFile");
  });

  it("of Rust, which the linter does not read, has 300 lines at most", () => {
    const files = rustFiles();
    expect(files.length).toBeGreaterThan(5);
    const tooLong = files.filter((path) => readFileSync(path, "utf8").trimEnd().split("\n").length > MAX_LINES);
    expect(tooLong).toEqual([]);
  });
});
