import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KEYS } from "../../src/app/config-schema.ts";
import { RELOADED_KEYS, RESTART_KEYS } from "../../src/app/reload-keys.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Paths below `src/`, or below a folder of it. */
function sourceFiles(folder = ""): string[] {
  return readdirSync(join(ROOT, "src", folder), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
}

describe("docs/dependencies.md", () => {
  const page = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

  it.each(Object.keys({ ...dependencies, ...devDependencies }))("says what %s is for", (name) => {
    expect(page).toContain(`\`${name}\``);
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

  const rows = [...page.matchAll(/\| `(\w+)` in `([\w./-]+)` \| ([\d,]+) \|/g)].map(
    ([, name = "", file = "", value = ""]) => ({ name, file, value: Number(value.replaceAll(",", "")) }),
  );

  it.each(rows)("has $name of $file as the source has it", ({ name, file, value }) => {
    const text = readFileSync(join(ROOT, "src", file), "utf8");
    const constant = new RegExp(`^(?:export )?const ${name}(?:: number)? = ([^;]+);`, "m").exec(text)?.[1];
    // biome-ignore lint/security/noGlobalEval: our own constants, such as 4 << 20 or 65_535 - MAC_BYTES
    expect(constant === undefined ? undefined : eval(constant.replace("MAC_BYTES", "16"))).toBe(value);
  });

  it("has every constant whose name says that it is a limit", () => {
    const documented = new Set(rows.map(({ name, file }) => `${name} in ${file}`));
    const missing = sourceFiles().flatMap((file) => {
      const text = readFileSync(join(ROOT, "src", file), "utf8");
      return [...text.matchAll(/^(?:export )?const ((?:MAX|KEPT|LONGEST)_[A-Z_\d]+|[A-Z_]+_TIMEOUT_MS)\b/gm)]
        .map(([, name = ""]) => name)
        .filter((name) => !NO_LIMITS.has(name) && !documented.has(`${name} in ${file}`))
        .map((name) => `${name} in ${file}`);
    });
    expect(missing).toEqual([]);
  });
});

describe("docs/configuration.md on reloads", () => {
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
  const section = page.slice(page.indexOf("## Reload"));
  const [table = "", others = ""] = section.split("All other keys need a restart");

  it("has a row for each key that can change while the pool runs, and for no other", () => {
    const rows = [...table.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key);
    expect(rows.sort()).toEqual([...RELOADED_KEYS].sort());
  });

  it("names each key, or its section, that needs a restart", () => {
    for (const key of RESTART_KEYS) {
      const [name = ""] = key.split(".");
      const isNamed = others.includes(`\`${key}\``) || others.includes(`[${name}]`);
      expect(isNamed, key).toBe(true);
    }
  });
});

/** The largest values of types, rules of the network, and steps of difficulty control: nothing can be one past them. */
const NO_LIMITS = new Set([
  "MAX_TARGET",
  "MAX_U64",
  "MAX_PUSH_BYTES",
  "MAX_SUBSIDY",
  "MAX_MONEY",
  "MAX_HEIGHT",
  "MAX_TIME",
  "MAX_BLOCK_WEIGHT",
  "MAX_BLOCK_SIGOPS_COST",
  "MAX_TRANSACTIONS_WEIGHT",
  "MAX_STEP_UP",
  "MAX_STEP_DOWN",
  "MAX_WINDOW_MS",
  "MAX_HASHRATE",
]);
