/** Which sums a report over a period is made of: days where whole ones are in it, else hours, else minutes. */

import type { Period } from "./ledger.ts";
import { beginOf, DAY_MS, HOUR_MS, MINUTE_MS, widened } from "./minutes.ts";

/** What there is to make it of. */
export type KeptSums = {
  /** The minute that is in no hour or day yet. */
  readonly openMinute: number;
  /** Nothing before is kept. */
  readonly beginMs: number;
  /** Are the minutes of the hour that begins there all kept, as far as there were any? */
  hasMinutesOf(hour: number): boolean;
  /** Likewise the hours of a day. */
  hasHoursOf(day: number): boolean;
};

export type ReportRanges = {
  /** What they cover together. */
  readonly period: Period;
  readonly minutes: readonly Period[];
  readonly hours: readonly Period[];
  readonly days: readonly Period[];
};

/**
 * Ranges that cover the period, each share in it once. The period is widened to whole minutes; at an end of which not all
 * minutes are kept to whole hours, and of which not all hours are kept to whole days.
 */
export function reportRanges(asked: Period, kept: KeptSums): ReportRanges {
  const period = keptPeriod(asked, kept);
  const days = inner(period, DAY_MS);
  const hours = outside(period, days).map((range) => ({ range, whole: inner(range, HOUR_MS) }));
  const minutes = hours.flatMap(({ range, whole }) => outside(range, whole));
  const sums = [days, ...hours.map(({ whole }) => whole)].filter(isSome);
  const { openMinute } = kept;
  const isMissed = sums.some(({ fromMs, toMs }) => openMinute >= fromMs && openMinute < toMs);
  return {
    period,
    minutes: isMissed ? [...minutes, { fromMs: openMinute, toMs: openMinute + MINUTE_MS }] : minutes,
    hours: hours.map(({ whole }) => whole).filter(isSome),
    days: [days].filter(isSome),
  };
}

/** Of a time before anything is kept there is nothing to tell: no more than the end of what was asked for is left. */
function keptPeriod(asked: Period, kept: KeptSums): Period {
  const { fromMs, toMs } = widened(asked, MINUTE_MS);
  const endMs = widened({ fromMs: 0, toMs }, unitAt(toMs, kept)).toMs;
  return { fromMs: Math.min(Math.max(beginOf(fromMs, unitAt(fromMs, kept)), kept.beginMs), endMs), toMs: endMs };
}

/** The shortest unit that the sums can be divided by at that minute. */
function unitAt(minute: number, kept: KeptSums): number {
  const day = beginOf(minute, DAY_MS);
  const hour = beginOf(minute, HOUR_MS);
  if (minute !== day && !kept.hasHoursOf(day)) return DAY_MS;
  return minute !== hour && !kept.hasMinutesOf(hour) ? HOUR_MS : MINUTE_MS;
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
