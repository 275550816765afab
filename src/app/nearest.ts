/** What somebody probably meant who wrote a name that there is not. */

import { distance } from "fastest-levenshtein";

/** That of `candidates` which is most like `name`; empty where there are none. */
export function nearest(name: string, candidates: Iterable<string>): string {
  const [first = "", ...others] = candidates;
  return others.reduce((best, next) => (distance(next, name) < distance(best, name) ? next : best), first);
}
