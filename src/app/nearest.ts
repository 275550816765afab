/** What somebody probably meant who wrote a name that there is not. */

import { distance } from "fastest-levenshtein";

/**
 * The end of a sentence that asks for that of `candidates` which is most like `name`; `otherwise` where none is like it.
 * @param shown how the candidate is written there.
 */
export function didYouMean(
  name: string,
  candidates: Iterable<string>,
  { otherwise, shown = (candidate) => candidate }: { otherwise: string; shown?: (candidate: string) => string },
): string {
  const [first = "", ...others] = candidates;
  const best = others.reduce((best, next) => (distance(next, name) < distance(best, name) ? next : best), first);
  const isLike = distance(best, name) <= Math.max(1, Math.floor(name.length / 2));
  return isLike ? `; did you mean ${shown(best)}?` : otherwise;
}
