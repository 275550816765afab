import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

describe("the layers", () => {
  it("are in biome.json as scripts/layers.mjs has them, for every folder of src", () => {
    execFileSync(process.execPath, ["scripts/layers.mjs", "--check"], { cwd: ROOT });
    const config = readFileSync(join(ROOT, "biome.json"), "utf8");
    for (const folder of readdirSync(join(ROOT, "src"))) expect(config).toContain(`"src/${folder}/*"`);
  });

  it.each([
    ["core", "../wire/frame.ts"],
    ["wire", "../bitcoin/hash.ts"],
    ["mining", "../session/setup.ts"],
    ["session", "../client/work.ts"],
    ["noise", "#sharecore-glue"],
    ["sharecore", "../noise/ellswift.ts"],
  ])("refuse that %s imports %s", (folder, specifier) => {
    const place = mkdtempSync(join(ROOT, "src", folder, "layer-"));
    try {
      const up = specifier.startsWith("..") ? `../${specifier}` : specifier;
      writeFileSync(join(place, "probe.ts"), `import "${up}";\n`);
      let output = "";
      try {
        execFileSync("npx", ["biome", "lint", "--colors=off", place], { cwd: ROOT, stdio: "pipe" });
      } catch (error) {
        output =
          String((error as { stdout: Buffer; stderr: Buffer }).stdout) + String((error as { stderr: Buffer }).stderr);
      }
      expect(output).toContain("noRestrictedImports");
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});
