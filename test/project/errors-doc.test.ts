import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");

/** A file below `src/`, without its comments: they may hold what looks like code. */
function source(file: string): string {
  return readFileSync(join(ROOT, "src", file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

const everything = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map(source)
  .join("\n");

/** The members of a union of strings: that of a type, or of a field. */
function union(file: string, name: string): string[] {
  const body = new RegExp(`\\b${name}(?: =|:)((?:\\s*\\|?\\s*(?:"[^"]*"|\`[^\`]*\`))+);`).exec(source(file))?.[1] ?? "";
  const members = [...body.matchAll(/"([^"]*)"|`([^`$]*)\$/g)].map(([, text, beginning]) => text ?? `${beginning}…`);
  if (members.length === 0) throw new Error(`${file} has no union ${name}`);
  return members;
}

/** What is written out as such a field anywhere in the source, or as a constant that is called so. */
function literals(field: RegExp): string[] {
  return [
    ...everything.matchAll(new RegExp(`\\b(?:(?:${field.source}):|const (?:${field.source}) =) "([^"]*)"`, "g")),
  ].map(([, text = ""]) => text);
}

/** A code that is member of no union. */
function single(code: string): string {
  if (!literals(/code/).includes(code)) throw new Error(`the source has no code ${code}`);
  return code;
}

type Table = { readonly where: string; readonly rows: readonly (readonly string[])[] };

/** `heading: first cell of the table's head`. */
const tables: readonly Table[] = page
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const heading = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^\| ([^\n]*?) \|.*\n\|[-|]+\|\n((?:\|.*\n)*)/gm)].map(([, head, body = ""]) => ({
      where: `${heading}: ${head}`,
      rows: [...body.matchAll(/^\| (.*) \|$/gm)].map(([, cells = ""]) => cells.split("|").map((cell) => cell.trim())),
    }));
  });

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

const shareCodes = union("mining/error-codes.ts", "ShareErrorCode");
const noise = union("noise/errors.ts", "NoiseErrorCode");
/** What is wrong with a pool, or with its URL, is seen by its client alone. */
const noiseOfClients = noise.filter((code) => /^(?:certificate|url|key)-/.test(code));

/** Every table of codes, with what the source has of its kind. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  "SubmitShares.Error: code": shareCodes,
  "OpenMiningChannel.Error: code": union("mining/error-codes.ts", "OpenErrorCode"),
  "SetCustomMiningJob.Error: code": literals(/error_code/).filter((code) => !shareCodes.includes(code)),
  "SetupConnection.Error: code": union("session/setup.ts", "readonly errorCode"),
  "CloseChannel: reason": [...union("mining/error-codes.ts", "CloseReason"), ...literals(/reason_code/)],
  "Why a connection ended: reason": union("session/session-events.ts", "EndReason"),
  "Why a connection ended: after `protocol:`": [
    ...union("session/errors.ts", "SessionErrorCode"),
    ...union("wire/errors.ts", "WireErrorCode"),
    ...noise.filter((code) => !noiseOfClients.includes(code)),
    single("truncated-data"),
  ],
  "The side of `adit miner` and `adit probe`: code": [
    ...union("client/errors.ts", "ClientErrorCode"),
    ...noiseOfClients,
  ],
  "Configuration and start: code": [
    ...union("app/errors.ts", "UsageErrorCode"),
    ...union("bitcoin/errors.ts", "BitcoinErrorCode"),
    single("listen-failed"),
  ],
  "The node: code": [
    ...union("templates/errors.ts", "TemplateErrorCode"),
    ...union("templates/errors.ts", "RpcErrorCode"),
    ...union("mining/errors.ts", "MiningErrorCode"),
    single("no-room-for-coinbase"),
  ],
  "The ledger: code": union("ledger/errors.ts", "LedgerErrorCode"),
  "The spool of found blocks: code": union("ledger/errors.ts", "SpoolFaultCode"),
  "The hashing core: code": union("sharecore/errors.ts", "SharecoreErrorCode"),
};

describe("docs/errors.md", () => {
  const ofCodes = tables.filter(({ where }) => !where.startsWith("Exit codes"));

  it("has a table for each kind of codes", () => {
    expect(ofCodes.map(({ where }) => where)).toEqual(Object.keys(WANTED));
  });

  it.each(ofCodes)("has a row for each code that the source has, and for no other: $where", ({ where, rows }) => {
    const codes = rows.flatMap(([first = ""]) => codesIn(first));
    expect(codes.sort()).toEqual([...new Set(WANTED[where])].sort());
  });

  it("names the codes of UpdateChannel.Error, which stand in other tables", () => {
    const section = /^## UpdateChannel\.Error\n([^#]*)/m.exec(page)?.[1] ?? "";
    expect(codesIn(section).sort()).toEqual(union("mining/error-codes.ts", "UpdateErrorCode").sort());
    expect(section).toContain("as above");
  });

  it("has a row for each code that is written out somewhere in the source", () => {
    const written = literals(/code|reason_code|error_code|errorCode/);
    expect(written.length).toBeGreaterThan(10);
    const codes = new Set(ofCodes.flatMap(({ rows }) => rows.flatMap(([first = ""]) => codesIn(first))));
    expect(written.filter((code) => !codes.has(code))).toEqual([]);
  });

  it("has each exit code, and no other", () => {
    const rows = tables.find(({ where }) => where === "Exit codes: code")?.rows ?? [];
    const codes = rows.flatMap(([first = ""]) => first.split(", ").map(Number));
    const wanted = [...source("app/exit-codes.ts").matchAll(/^export const EXIT_\w+ = (\d+);/gm)];
    expect(codes).toEqual(wanted.map(([, code]) => Number(code)));
  });

  it("says of every code what it means and what to do about it", () => {
    for (const { where, rows } of tables) {
      expect(rows.length, where).toBeGreaterThan(0);
      for (const [code, meaning = "", remedy = "", ...more] of rows) {
        expect(meaning.length, `what ${code} means`).toBeGreaterThan(5);
        expect(remedy.length, `what to do about ${code}`).toBeGreaterThan(5);
        expect(more).toEqual([]);
      }
    }
  });
});
