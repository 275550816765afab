import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readEnvironment } from "../../src/app/config-sources.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Of the tests, but for those of the command itself, which have wrong names on purpose; and what builds and runs. */
function files(): string[] {
  const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/^(?:app|bcoin)\//.test(name))
    .map((name) => join("test", name));
  const scripts = readdirSync(join(ROOT, "scripts"), { encoding: "utf8" }).map((name) => join("scripts", name));
  return [...tests, ...scripts, "vitest.config.ts", "README.md"];
}

it("a variable that is named anywhere is a key of the pool, which would not start with another of its prefix", () => {
  const found = files().flatMap((file) => readFileSync(join(ROOT, file), "utf8").match(/\bADIT_\w+/g) ?? []);
  expect(found).toContain("ADIT_MINING__MIN_DIFFICULTY");
  const isUnknown = (name: string): boolean => {
    try {
      readEnvironment({ [name]: "?" });
      return false;
    } catch (error) {
      return String(error).includes("there is no key");
    }
  };
  expect([...new Set(found)].filter(isUnknown)).toEqual([]);
});
