/** @param seconds since the Unix epoch. @returns as in `2026-08-20T10:11:12.000Z`. */
export function isoTime(seconds: number): string {
  return new Date(1_000 * seconds).toISOString();
}
