/** Text of a pool as it may be shown: what a terminal would act on is not passed on. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
