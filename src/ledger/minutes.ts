/** Time as the ledger's roll-ups divide it: whole minutes, hours and days of UTC, as milliseconds since the epoch. */

import type { Period } from "./ledger.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS: number = 60 * MINUTE_MS;
export const DAY_MS: number = 24 * HOUR_MS;

/** The begin of the unit that holds `atMs`. */
export function beginOf(atMs: number, unitMs: number): number {
  return Math.floor(atMs / unitMs) * unitMs;
}

/** The period, with its ends moved outward to whole units. */
export function widened({ fromMs, toMs }: Period, unitMs: number): Period {
  return { fromMs: beginOf(fromMs, unitMs), toMs: Math.ceil(toMs / unitMs) * unitMs };
}
