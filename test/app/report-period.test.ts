import { describe, expect, it } from "vitest";
import { type AskedPeriod, reportPeriod } from "../../src/app/report-period.ts";

const NOW = "2026-08-20T10:11:12.345Z";
const nowMs = Date.parse(NOW);
const beginMs = Date.parse("2026-08-01T00:00Z");

function periodOf(asked: AskedPeriod, begin: number | undefined = beginMs): string {
  const { fromMs, toMs } = reportPeriod(asked, { nowMs, beginMs: begin });
  return `${new Date(fromMs).toISOString()} ${new Date(toMs).toISOString()}`;
}

describe("A report's period", () => {
  it.each<[AskedPeriod, string]>([
    [{}, `2026-08-19T10:11:12.345Z ${NOW}`],
    [{ last: "1m" }, `2026-08-20T10:10:12.345Z ${NOW}`],
    [{ last: "90m" }, `2026-08-20T08:41:12.345Z ${NOW}`],
    [{ last: "24h" }, `2026-08-19T10:11:12.345Z ${NOW}`],
    [{ last: "7d" }, `2026-08-13T10:11:12.345Z ${NOW}`],
    [{ last: "2w" }, `2026-08-06T10:11:12.345Z ${NOW}`],
    [{ last: "all" }, `2026-08-01T00:00:00.000Z ${NOW}`],
    [{ from: "2026-08-20" }, `2026-08-20T00:00:00.000Z ${NOW}`],
    [{ to: "2026-08-20" }, "2026-08-19T00:00:00.000Z 2026-08-20T00:00:00.000Z"],
    [{ to: "1970-01-01T00:01Z" }, "1970-01-01T00:00:00.000Z 1970-01-01T00:01:00.000Z"],
    [{ from: "2026-02-28", to: "2026-03-01" }, "2026-02-28T00:00:00.000Z 2026-03-01T00:00:00.000Z"],
    [{ from: "2024-02-29", to: "9999-12-31" }, "2024-02-29T00:00:00.000Z 9999-12-31T00:00:00.000Z"],
    [{ from: "2026-08-20T08:09" }, `2026-08-20T08:09:00.000Z ${NOW}`],
    [{ from: "2026-08-20T08:09:10.5Z" }, `2026-08-20T08:09:10.500Z ${NOW}`],
    [{ from: "2026-08-20T08:09:10+02:00" }, `2026-08-20T06:09:10.000Z ${NOW}`],
    [{ from: "2026-08-20t08:09z" }, `2026-08-20T08:09:00.000Z ${NOW}`],
  ])("of %j is %s", (asked, expected) => {
    expect(periodOf(asked)).toBe(expected);
  });

  it("of all time has no length where the ledger is empty", () => {
    expect(reportPeriod({ last: "all" }, { nowMs, beginMs: undefined })).toEqual({ fromMs: nowMs, toMs: nowMs });
  });

  it.each<[AskedPeriod, string]>([
    ...["", "0h", "5", "h", "-1h", "1.5h", "5y", "ALL", "1 h", "36601d", "999999999w", "9999999999m"].map(
      (last): [AskedPeriod, string] => [
        { last },
        `--last is ${JSON.stringify(last)}, but a span from 1m to 36,600d, such as 90m, 24h, 7d or 4w, or all, is needed`,
      ],
    ),
    ...["", "now", "2026", "2026-08-20 10:11", "2026-13-01", "2026-02-30", "2026-02-29", "1969-12-31"].map(
      (from): [AskedPeriod, string] => [
        { from },
        `--from is ${JSON.stringify(from)}, but a date or a time from 1970 on`,
      ],
    ),
    ...[
      "2026-08-20T24:00",
      "2026-08-20T10:60",
      "2026-08-20T10:11+24:00",
      "2026-08-20T10:11 ",
      "9999-12-31T00:01",
      "+275760-09-13",
    ].map((to): [AskedPeriod, string] => [{ to }, `--to is ${JSON.stringify(to)}, but a date or a time from 1970 on`]),
    [{ from: "2026-08-21" }, '--from is "2026-08-21", but a time before now is needed'],
    [
      { from: "2026-08-02", to: "2026-08-02" },
      '--from is "2026-08-02" and --to "2026-08-02", but a time before that of --to is needed',
    ],
    [{ last: "1h", from: "2026-08-02" }, "--last and --from are both given: one of them is enough"],
    [{ last: "all", to: "2026-08-02" }, "--last and --to are both given: one of them is enough"],
  ])("of %j is refused in one sentence", (asked, message) => {
    expect(() => periodOf(asked)).toThrow(
      expect.objectContaining({ code: "config-invalid", message: expect.stringContaining(message) }),
    );
  });

  it("reaches back to 1970 at most, and as far as anything is kept", () => {
    const lateMs = 36_602 * 86_400_000;
    const far = { nowMs: lateMs, beginMs };
    expect(reportPeriod({ last: "36600d" }, far)).toEqual({ fromMs: 2 * 86_400_000, toMs: lateMs });
    expect(() => reportPeriod({ last: "36601d" }, far)).toThrow('--last is "36601d"');
    expect(periodOf({ last: "36600d" })).toBe(`1970-01-01T00:00:00.000Z ${NOW}`);
  });
});
