/** For clients that are stricter than any in the field: what a frame breaks is said by the rule's name. */

export function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`broken: ${rule}`);
}
