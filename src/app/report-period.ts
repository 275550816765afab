/** Which period a report is about: what `--from`, `--to` and `--last` say. All times are UTC where no zone is said. */

import type { Period } from "../ledger/ledger.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../ledger/minutes.ts";
import { UsageError } from "./errors.ts";

/** As the flags have them. */
export type AskedPeriod = {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly last?: string | undefined;
};

/** Where nothing is said of it. */
const DEFAULT_SPAN_MS = DAY_MS;

/** As long as anything is kept at most: `ledger.keep_days`. */
const MAX_SPAN_DAYS = 36_600;

const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };

/** 9999-12-31: a later time would be widened to a year that ISO 8601 does not write with four digits. */
const LAST_DAY_MS = 253_402_214_400_000;

/**
 * @param parts.nowMs milliseconds since the epoch, as all times.
 * @param parts.beginMs when what is in the ledger begins; undefined where it is empty.
 * @throws {UsageError}
 */
export function reportPeriod(
  { from, to, last }: AskedPeriod,
  { nowMs, beginMs }: { readonly nowMs: number; readonly beginMs: number | undefined },
): Period {
  if (last !== undefined) {
    if (from !== undefined || to !== undefined) {
      throw wrong(`--last and --${from === undefined ? "to" : "from"} are both given: one of them is enough`);
    }
    return last === "all" ? { fromMs: Math.min(beginMs ?? nowMs, nowMs), toMs: nowMs } : lastOf(nowMs, spanOf(last));
  }
  const toMs = to === undefined ? nowMs : timeOf(to, "to");
  if (from === undefined) return lastOf(toMs, DEFAULT_SPAN_MS);
  const fromMs = timeOf(from, "from");
  if (fromMs < toMs) return { fromMs, toMs };
  throw wrong(
    to === undefined
      ? `--from is ${shown(from)}, but a time before now is needed`
      : `--from is ${shown(from)} and --to ${shown(to)}, but a time before that of --to is needed`,
  );
}

function lastOf(toMs: number, spanMs: number): Period {
  return { fromMs: Math.max(0, toMs - spanMs), toMs };
}

function spanOf(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,9})([mhdw])$/.exec(text) ?? [];
  const spanMs = Number(count) * (UNITS[unit] ?? 0);
  if (spanMs > 0 && spanMs <= MAX_SPAN_DAYS * DAY_MS) return spanMs;
  throw wrong(`--last is ${shown(text)}, but a span from 1m to 36,600d, such as 90m, 24h, 7d or 4w, or all, is needed`);
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/i;

/** Milliseconds since the epoch; a date is its first moment. */
function timeOf(text: string, flag: "from" | "to"): number {
  const [found, date = "", minutes = "00:00", seconds = ":00", zone = "Z"] = TIME.exec(text) ?? [];
  const local = Date.parse(`${date}T${minutes}${seconds}Z`);
  // A day that there is not, such as the 30th of February, would be taken for one of the next month.
  const isReal = found !== undefined && !Number.isNaN(local) && new Date(local).toISOString().startsWith(date);
  const atMs = isReal ? Date.parse(`${date}T${minutes}${seconds}${zone.toUpperCase()}`) : Number.NaN;
  if (atMs >= 0 && atMs <= LAST_DAY_MS) return atMs;
  throw wrong(
    `--${flag} is ${shown(text)}, but a date or a time from 1970 on, such as 2026-08-20 or 2026-08-20T10:11Z, is needed`,
  );
}

function shown(text: string): string {
  return JSON.stringify(text);
}

function wrong(message: string): UsageError {
  return new UsageError("config-invalid", message);
}
