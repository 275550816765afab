import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CSV_TABLES, csvLines } from "../../src/app/report-csv.ts";
import { reportFigures } from "../../src/app/report-figures.ts";
import { printableJson } from "../../src/core/printable-text.ts";
import { drawn } from "../support/drawn-cases.ts";
import { FROM_MS, HASH, reportOf, workerOf } from "./report-values.ts";

/** Long after the period, of a ledger that begins long before it. */
const LATER = { nowMs: FROM_MS + 3_600_000, beginMs: FROM_MS - 3_600_000 };

const FULL = reportOf({
  totals: { acceptedShares: 4, difficulty: 600, bestDifficulty: 2_000, rejects: { "stale-share": 2, x: 1 } },
  workers: [workerOf({ rejects: { "stale-share": 2, x: 1 } }), workerOf({ userIdentity: "" })],
  blocks: [
    {
      hash: HASH,
      height: 900_001,
      userIdentity: "alice",
      foundAtMs: FROM_MS + 1,
      fate: "refused",
      reason: 'high, "hash"',
    },
    { hash: HASH, height: 900_002, userIdentity: "=bob", foundAtMs: FROM_MS + 2, fate: "accepted", reason: undefined },
  ],
});

describe("A report's figures", () => {
  it("have these names, times in UTC, hashes as explorers print them, and hashrate over the period", () => {
    const hashrate = 2 ** 32;
    const rejects = { "stale-share": 2, x: 1 };
    const alice = {
      user_identity: "alice.rig",
      accepted_shares: 3,
      difficulty: 600,
      rejected_shares: 3,
      best_difficulty: 1_234.5,
      hashrate,
      rejects,
      last_seen: "2026-08-20T10:01:30.500Z",
    };
    const block = {
      height: 900_001,
      hash: `${"00".repeat(28)}01abcdef`,
      fate: "refused",
      reason: 'high, "hash"',
      user_identity: "alice",
      found_at: "2026-08-20T10:00:00.001Z",
    };
    expect(reportFigures(FULL, LATER)).toEqual({
      from: "2026-08-20T10:00:00.000Z",
      to: "2026-08-20T10:10:00.000Z",
      totals: { accepted_shares: 4, difficulty: 600, rejected_shares: 3, best_difficulty: 2_000, hashrate },
      rejects,
      workers: [alice, { ...alice, user_identity: "", rejected_shares: 0, rejects: {} }],
      blocks: [
        block,
        {
          ...block,
          height: 900_002,
          fate: "accepted",
          reason: null,
          user_identity: "=bob",
          found_at: "2026-08-20T10:00:00.002Z",
        },
      ],
    });
  });

  it("have the hashrate of what has passed of the period, and none before it begins", () => {
    const hashrateAt = (nowMs: number): number => reportFigures(FULL, { ...LATER, nowMs }).totals.hashrate;
    expect(hashrateAt(FROM_MS + 300_000)).toBe(2 ** 33);
    expect([hashrateAt(FROM_MS), hashrateAt(FROM_MS - 1)]).toEqual([0, 0]);
  });

  it("have the hashrate of what has passed since the ledger begins, where that is later than the period", () => {
    const hashrateSince = (beginMs: number | undefined): number =>
      reportFigures(FULL, { ...LATER, beginMs }).totals.hashrate;
    expect(hashrateSince(FROM_MS + 300_000)).toBe(2 ** 33);
    expect([hashrateSince(FROM_MS + 600_000), hashrateSince(undefined)]).toEqual([0, 2 ** 32]);
  });
});

describe("A report as CSV", () => {
  const figures = reportFigures(FULL, LATER);

  it("has a row for each worker", () => {
    expect(csvLines(figures, "workers")).toEqual([
      "user_identity,accepted_shares,difficulty,rejected_shares,rejects,best_difficulty,hashrate,last_seen",
      "alice.rig,3,600,3,stale-share=2 x=1,1234.5,4294967296,2026-08-20T10:01:30.500Z",
      ",3,600,0,,1234.5,4294967296,2026-08-20T10:01:30.500Z",
    ]);
  });

  it("has a row for each block, or for each kind of reject, where that is asked for", () => {
    expect(csvLines(figures, "blocks")).toEqual([
      "height,hash,fate,reason,user_identity,found_at",
      `900001,${"00".repeat(28)}01abcdef,refused,"high, ""hash""",alice,2026-08-20T10:00:00.001Z`,
      `900002,${"00".repeat(28)}01abcdef,accepted,,'=bob,2026-08-20T10:00:00.002Z`,
    ]);
    expect(csvLines(figures, "rejects")).toEqual(["code,count", "stale-share,2", "x,1"]);
  });

  it("of nothing is the titles alone", () => {
    const nothing = reportFigures(reportOf(), LATER);
    for (const table of CSV_TABLES) expect(csvLines(nothing, table)).toHaveLength(1);
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["＝1", "'＝1"],
    ["'=1", "''=1"],
    ["\t=1", "\\u{9}=1"],
    ["a=1", "a=1"],
    ["\u001b[31m", "\\u{1b}[31m"],
    ["a\r\nb", "a\\u{d}\\u{a}b"],
    ["\\u{1b}", "\\u{5c}u{1b}"],
    ["a;=1", "a\\u{3b}=1"],
    ['a,";=1', '"a,""\\u{3b}=1"'],
    ['a,"b"', '"a,""b"""'],
    [" a", '" a"'],
  ])("writes the identity %j so that neither a terminal nor a spreadsheet runs it", (userIdentity, expected) => {
    const { workers } = reportFigures(reportOf({ workers: [workerOf({ userIdentity })] }), LATER);
    const [, row = ""] = csvLines({ ...figures, workers }, "workers");
    expect(row).toBe(`${expected},3,600,0,,1234.5,4294967296,2026-08-20T10:01:30.500Z`);
  });
});

/** A reader of CSV, and of what docs/reports.md says of its texts. */
function firstField(row: string): string {
  const [, inQuotes, plain = ""] = /^(?:"((?:[^"]|"")*)"|([^",]*)),/.exec(row) ?? [];
  const field = inQuotes === undefined ? plain : inQuotes.replaceAll('""', '"');
  const written = field.startsWith("'") ? field.slice(1) : field;
  return written.replace(/\\u\{([0-9a-f]+)\}/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}

describe("Any identity", () => {
  const nasty = fc.constantFrom(
    "'",
    "=",
    '"',
    "\\",
    "\\u{",
    "1b}",
    "\n",
    "\r",
    "\t",
    "\u001b[0m",
    "\u202e",
    "\u0000",
    ",",
    ";",
    " ",
  );
  const identities = fc.array(fc.oneof(nasty, fc.string({ unit: "binary" }))).map((parts) => parts.join(""));

  it("comes back from JSON and from CSV as it was, and changes no line of either", () => {
    fc.assert(
      fc.property(identities, (userIdentity) => {
        const figures = reportFigures(reportOf({ workers: [workerOf({ userIdentity })] }), LATER);
        const json = printableJson(figures);
        expect(JSON.parse(json).workers[0].user_identity).toBe(userIdentity);
        const [, row = ""] = csvLines(figures, "workers");
        expect(firstField(row)).toBe(userIdentity);
        expect(row).not.toMatch(/^"?[=+\-@]|;/);
        expect(json + row).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
      drawn(500),
    );
  });
});
