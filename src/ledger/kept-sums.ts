/**
 * What the ledger's tables still hold, as a report has to know it. It is looked up in the tables themselves: no note of
 * when something was forgotten would stay right where a clock was wrong.
 */

import { beginOf, DAY_MS, HOUR_MS, MINUTE_MS } from "./minutes.ts";
import type { KeptSums } from "./report-ranges.ts";
import { readMarks, type Unit } from "./roll-ups.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

type Sum = { readonly unit: Unit; readonly unitMs: number; readonly begin: number };

/** Within a transaction: it holds for as long as nothing is written. */
export function keptSums(database: LedgerDatabase): KeptSums {
  const { openMinute, daysFrom } = readMarks(database);
  const oldestDay = database.prepare("SELECT MIN(begin) FROM day_shares").pluck().get() as number | null;

  function isSumOf({ unit, unitMs, begin }: Sum, part: Pick<Sum, "unit" | "unitMs">): boolean {
    const [countOf, countOfPart] = [counterOf(database, unit), counterOf(database, part.unit)];
    let count = 0;
    for (let at = begin; at < begin + unitMs; at += part.unitMs) {
      if (part.unit !== "minute" || at !== openMinute) count += countOfPart(at);
    }
    return count === countOf(begin);
  }

  const [minute, hour, day] = [
    { unit: "minute", unitMs: MINUTE_MS },
    { unit: "hour", unitMs: HOUR_MS },
    { unit: "day", unitMs: DAY_MS },
  ] as const;
  return {
    openMinute,
    beginMs: Math.min(daysFrom, oldestDay ?? daysFrom, beginOf(openMinute, DAY_MS)),
    hasMinutesOf: (begin) => isSumOf({ ...hour, begin }, minute),
    hasHoursOf: (begin) => isSumOf({ ...day, begin }, hour),
  };
}

/** Counts shares and rejects of everybody: two sums of which one is a part of the other are equal if these are. */
function counterOf(database: LedgerDatabase, unit: Unit): (begin: number) => number {
  const count = database.prepare(
    `SELECT (SELECT COALESCE(SUM(accepted_shares), 0) FROM ${unit}_shares WHERE begin = @begin AND worker = 0)
       + (SELECT COALESCE(SUM(count), 0) FROM ${unit}_rejects WHERE begin = @begin AND worker = 0)`,
  );
  return (begin) => count.pluck().get({ begin }) as number;
}
