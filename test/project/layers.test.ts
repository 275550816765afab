import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintOf, ROOT } from "./lint-probe.ts";

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
    expect(lintOf(`src/${folder}/probe.ts`, `import "${specifier}";\n`)).toContain("noRestrictedImports");
    const deeper = specifier.startsWith("..") ? `../${specifier}` : specifier;
    expect(lintOf(`src/${folder}/deeper/probe.ts`, `import "${deeper}";\n`)).toContain("noRestrictedImports");
  });
});
