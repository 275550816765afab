import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reportFigures } from "../../src/app/report-figures.ts";
import { reportLines } from "../../src/app/report-text.ts";
import type { BlockRecord, LedgerReport } from "../../src/ledger/ledger.ts";
import { drawn } from "../support/drawn-cases.ts";
import { FROM_MS, HASH, reportOf, workerOf } from "./report-values.ts";

function linesOf(fields: Partial<LedgerReport>): string[] {
  return reportLines(reportFigures(reportOf(fields), { nowMs: FROM_MS + 3_600_000, beginMs: FROM_MS }));
}

function blockOf(fields: Partial<BlockRecord> = {}): BlockRecord {
  return {
    hash: HASH,
    height: 900_001,
    userIdentity: "alice.rig",
    foundAtMs: FROM_MS,
    fate: "accepted",
    reason: undefined,
    ...fields,
  };
}

describe("A report for people", () => {
  it("shows totals, rejects, workers and blocks under each other", () => {
    const rejects = { "stale-share": 2, "duplicate-share": 1_000 };
    const lines = linesOf({
      totals: { acceptedShares: 12_345, difficulty: 6e9, bestDifficulty: 4_295_000, rejects },
      workers: [
        workerOf({ acceptedShares: 12_000, difficulty: 5_999_999_400, rejects }),
        workerOf({ userIdentity: "鉱山", bestDifficulty: 0.000_123_456_7, difficulty: 999_999.9 }),
      ],
      blocks: [blockOf(), blockOf({ height: 1, fate: "refused", reason: "bad\u001b[31m" })],
    });
    const hash = `${"00".repeat(28)}01abcdef`;
    expect(lines).toEqual([
      "Period            2026-08-20T10:00Z to 2026-08-20T10:10Z",
      "Accepted shares   12,345",
      "Difficulty        6 G",
      "Rejected shares   1,002 (7.51 %)",
      "Best difficulty   4.295 M",
      "Average hashrate  42.9 PH/s",
      "",
      "Rejects          Shares",
      "duplicate-share   1,000",
      "stale-share           2",
      "",
      "Worker     Accepted  Difficulty   Hashrate  Rejected         Best  Last seen",
      "alice.rig    12,000         6 G  42.9 PH/s    7.71 %      1,234.5  2026-08-20T10:01Z",
      "鉱山              3         1 M  7.16 TH/s    0.00 %  0.000123457  2026-08-20T10:01Z",
      "",
      "Height  Block                                                             Fate      Finder     Found",
      `900001  ${hash}  accepted  alice.rig  2026-08-20T10:00Z`,
      `     1  ${hash}  refused   alice.rig  2026-08-20T10:00Z`,
      "        the node said: bad\\u{1b}[31m",
    ]);
  });

  it("of an empty ledger says that there is nothing", () => {
    expect(linesOf({}).slice(1)).toEqual([
      "Accepted shares   0",
      "Difficulty        0",
      "Rejected shares   0 (0.00 %)",
      "Best difficulty   0",
      "Average hashrate  0.00 H/s",
      "",
      "No rejects",
      "",
      "No workers",
      "",
      "No blocks",
    ]);
  });

  it.each([
    [50, undefined, undefined],
    [51, "and 1 more: --json has all", "and 1 earlier ones: --json has all"],
    [1_050, "and 1,000 more: --json has all", "and 1,000 earlier ones: --json has all"],
  ])("of %d workers and blocks lists the first and the newest ones", (count, more, earlier) => {
    const many = Array.from({ length: count }, (_, index) => index);
    const lines = linesOf({
      workers: many.map((index) => workerOf({ userIdentity: `worker ${index}` })),
      blocks: many.map((index) => blockOf({ height: index })),
    });
    expect(lines.filter((line) => line.startsWith("worker "))).toHaveLength(50);
    expect(lines.some((line) => line.startsWith("worker 49"))).toBe(true);
    expect(lines.find((line) => line.endsWith(" more: --json has all"))).toBe(more);
    expect(lines.filter((line) => line.includes("01abcdef"))).toHaveLength(50);
    expect(lines.some((line) => line.trimStart().startsWith(`${count - 1}  00`))).toBe(true);
    expect(lines.find((line) => line.includes("earlier"))).toBe(earlier);
  });

  it("cuts identities that are too long, and nothing else", () => {
    const userIdentity = "a".repeat(255);
    const lines = linesOf({ workers: [workerOf({ userIdentity })], blocks: [blockOf({ userIdentity })] });
    const cut = lines.filter((line) => line.includes("…"));
    expect(cut.map((line) => line.length)).toEqual([120, 120]);
    expect(cut[0]).toMatch(/^a+… +3 .* 2026-08-20T10:01Z$/);
    expect(cut[1]).toMatch(/01abcdef {2}accepted {2}a+… {2}2026-08-20T10:00Z$/);
  });

  it("is 120 places wide at most and moves no cursor, whoever mines", () => {
    const identity = fc.string({ unit: "binary", maxLength: 255 });
    fc.assert(
      fc.property(identity, identity, (userIdentity, reason) => {
        const largest = { difficulty: 1e30, bestDifficulty: 1e30, acceptedShares: Number.MAX_SAFE_INTEGER };
        for (const line of linesOf({
          workers: [workerOf({ userIdentity, ...largest })],
          blocks: [blockOf({ userIdentity, reason, fate: "inconclusive", height: 9_999_999 })],
        })) {
          expect([...line].length).toBeLessThanOrEqual(120);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        }
      }),
      drawn(200),
    );
  });
});
