import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KEYS } from "../../src/app/config-schema.ts";

const ROOT = join(import.meta.dirname, "../..");

function source(folder: string): string {
  return readdirSync(join(ROOT, "src", folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, "src", folder, name), "utf8"))
    .join("\n");
}

/** String literals of the union types that hold codes. */
function codesOf(text: string, type: RegExp): string[] {
  const body = type.exec(text)?.[1] ?? "";
  return [...body.matchAll(/"([a-z]+(?:-[a-z]+)+)"/g)].map(([, code]) => code ?? "");
}

const UNIONS: readonly (readonly [string, RegExp])[] = [
  ["mining", /ShareErrorCode =([^;]*);/],
  ["mining", /OpenErrorCode =([^;]*);/],
  ["mining", /UpdateErrorCode =([^;]*);/],
  ["mining", /MiningErrorCode =([^;]*);/],
  ["session", /EndReason =([^;]*);/],
  ["session", /SessionErrorCode =([^;]*);/],
  ["session", /readonly errorCode: ("[^;]*);/],
  ["wire", /WireErrorCode =([^;]*);/],
  ["noise", /NoiseErrorCode =([^;]*);/],
  ["client", /ClientErrorCode =([^;]*);/],
  ["app", /UsageErrorCode =([^;]*);/],
  ["bitcoin", /BitcoinErrorCode =([^;]*);/],
  ["sharecore", /SharecoreErrorCode =([^;]*);/],
  ["templates", /TemplateErrorCode =([^;]*);/],
  ["templates", /RpcErrorCode =([^;]*);/],
];

describe("docs/errors.md", () => {
  const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");

  it.each(UNIONS)("has every code of %s, %s", (folder, type) => {
    const codes = codesOf(source(folder), type);
    expect(codes.length).toBeGreaterThan(0);
    for (const code of codes) expect(page).toContain(`\`${code}\``);
  });

  it("has no code that the source does not have", () => {
    const all = readdirSync(join(ROOT, "src")).map(source).join("\n");
    for (const [, code] of page.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)) expect(all).toContain(`"${code}"`);
  });
});

describe("docs/limits.md", () => {
  const page = readFileSync(join(ROOT, "docs/limits.md"), "utf8");

  it.each(KEYS.filter(({ path }) => path.startsWith("limits.")).map((key) => [key.path, key] as const))(
    "has %s with its default",
    (path, key) => {
      expect(page).toContain(`| \`${path}\` | ${Number(key.default).toLocaleString("en-US")} |`);
    },
  );

  it("has every other limit as the constant that it names has it", () => {
    const rows = [...page.matchAll(/\| `(\w+)` in `([\w./-]+)` \| ([\d,]+) \|/g)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [, name = "", file = "", value = ""] of rows) {
      const text = readFileSync(join(ROOT, "src", file), "utf8");
      const constant = new RegExp(`\\b${name}(?:: number)? = ([^;,]+)[;,]`).exec(text)?.[1];
      // biome-ignore lint/security/noGlobalEval: our own constants, such as 4 << 20 or 65_536
      expect(constant === undefined ? undefined : eval(constant), name).toBe(Number(value.replaceAll(",", "")));
    }
  });
});
