/** Which sums a report over a period is made of: days where whole ones are in it, else hours, else minutes. */

import type { Period } from "./ledger.ts";
import { beginOf, DAY_MS, HOUR_MS, MINUTE_MS, widened } from "./minutes.ts";
import type { Marks } from "./roll-ups.ts";

export type ReportRanges = {
  /** What they cover together. */
  readonly period: Period;
  readonly minutes: readonly Period[];
  readonly hours: readonly Period[];
  readonly days: readonly Period[];
};

/**
 * Disjoint ranges that cover the period once, each within what its table holds. The period is widened to whole minutes;
 * at an end of which no minutes are kept to whole hours, and of which no hours are kept to whole days.
 */
export function reportRanges(asked: Period, marks: Marks): ReportRanges {
  const period = { fromMs: keptBegin(asked.fromMs, marks), toMs: keptEnd(asked.toMs, marks) };
  // Minutes from there on are in no hour yet; what was folded ends there, even where its hour and day do not.
  const { foldedUntil } = marks;
  const open = { fromMs: Math.max(period.fromMs, foldedUntil), toMs: period.toMs };
  const toFolded = period.toMs < foldedUntil ? period.toMs : widened({ fromMs: 0, toMs: foldedUntil }, DAY_MS).toMs;
  const days = inner({ fromMs: period.fromMs, toMs: toFolded }, DAY_MS);
  const hours = outside({ fromMs: period.fromMs, toMs: toFolded }, days).flatMap((range) => {
    const whole = inner(range, HOUR_MS);
    return [{ whole, rest: outside(range, whole) }];
  });
  const folded = hours
    .flatMap(({ rest }) => rest)
    .map(({ fromMs, toMs }) => ({ fromMs, toMs: Math.min(toMs, foldedUntil) }));
  return {
    period,
    minutes: [...folded, open].filter(isSome),
    hours: hours.map(({ whole }) => whole).filter(isSome),
    days: [days].filter(isSome),
  };
}

function keptBegin(atMs: number, { minutesFrom, hoursFrom, daysFrom }: Marks): number {
  return Math.max(beginOf(atMs, unitAt(atMs, { minutesFrom, hoursFrom })), daysFrom);
}

function keptEnd(atMs: number, { minutesFrom, hoursFrom }: Marks): number {
  return widened({ fromMs: 0, toMs: atMs }, unitAt(atMs, { minutesFrom, hoursFrom })).toMs;
}

function unitAt(atMs: number, { minutesFrom, hoursFrom }: Pick<Marks, "minutesFrom" | "hoursFrom">): number {
  if (atMs >= minutesFrom) return MINUTE_MS;
  return atMs >= hoursFrom ? HOUR_MS : DAY_MS;
}

/** The whole units within a range; none, at its begin, where there is none. */
function inner({ fromMs, toMs }: Period, unitMs: number): Period {
  const first = Math.ceil(fromMs / unitMs) * unitMs;
  const end = beginOf(toMs, unitMs);
  return first < end ? { fromMs: first, toMs: end } : { fromMs, toMs: fromMs };
}

function outside(range: Period, within: Period): Period[] {
  return [
    { fromMs: range.fromMs, toMs: within.fromMs },
    { fromMs: within.toMs, toMs: range.toMs },
  ].filter(isSome);
}

function isSome({ fromMs, toMs }: Period): boolean {
  return fromMs < toMs;
}
