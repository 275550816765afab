/**
 * What difficulty suited a worker when it was here last, so that it begins with that when it comes back. Plain values:
 * whoever stores them takes what `takeNoted` gives and brings it back to `load`.
 *
 * An identity may be one device's or a farm's, whose devices all come under one name. So what is remembered holds only for
 * who announces much the same hashrate as then, in proportion to it, and what several devices settled at is averaged:
 * of a thousand equal ones each begins well, and one among unequal ones begins with what it announces.
 */

import { dropOldest } from "../core/drop-oldest.ts";
import type { RememberedDifficulty } from "../ledger/ledger.ts";
import type { ChannelKind } from "./channel.ts";

export type Worker = { readonly userIdentity: string; readonly kind: ChannelKind };

/** Workers that are remembered at once: as many as there can be channels by default. */
export const MAX_REMEMBERED = 100_000;

/** A day: who comes back later may well have become another. */
export const REMEMBERED_FOR_MS = 86_400_000;

/** Who announces more than so many times what it announced then, or less than that part of it, is taken for another. */
const SAME_DEVICE = 2;

export class DifficultyMemory {
  readonly #maxEntries: number;
  /** Noted last last. */
  readonly #entries = new Map<string, RememberedDifficulty>();
  /** Keys of those that are not stored yet, noted last last. */
  readonly #noted = new Set<string>();

  constructor(maxEntries: number = MAX_REMEMBERED) {
    this.#maxEntries = maxEntries;
  }

  /** What is remembered, noted last last. */
  entries(): IterableIterator<RememberedDifficulty> {
    return this.#entries.values();
  }

  /** Takes what was stored, noted last last; what was noted meanwhile counts more. */
  load(stored: Iterable<RememberedDifficulty>): void {
    const newer = [...this.#entries.values()];
    for (const entry of stored) this.#keep(entry);
    for (const entry of newer) this.#keep(entry);
  }

  /** What was noted since the last call, in that order; the first `limit` of it. To be stored. */
  takeNoted(limit: number): RememberedDifficulty[] {
    const taken: RememberedDifficulty[] = [];
    for (const key of this.#noted) {
      if (taken.length >= limit) break;
      this.#noted.delete(key);
      const entry = this.#entries.get(key);
      if (entry !== undefined) taken.push(entry);
    }
    return taken;
  }

  /** A channel of that worker has settled; with what is remembered of its like the mean is kept. */
  note(entry: RememberedDifficulty): void {
    const known = this.recall(entry, entry);
    const own = entry.difficultyPerMinute;
    this.#keep({ ...entry, difficultyPerMinute: known === undefined ? own : Math.sqrt(known * own) });
    const key = keyOf(entry);
    this.#noted.delete(key);
    this.#noted.add(key);
    dropOldest(this.#noted, this.#maxEntries);
  }

  /**
   * The difficulty that a worker does per minute, as far as it is remembered and the worker seems to be the same as then.
   * @param present what it announces now, 0 for nothing, and the time in milliseconds since the epoch.
   */
  recall(worker: Worker, present: { readonly nominalHashrate: number; readonly atMs: number }): number | undefined {
    const entry = this.#entries.get(keyOf(worker));
    if (entry === undefined || present.atMs - entry.atMs > REMEMBERED_FOR_MS) return undefined;
    if (present.nominalHashrate === 0) return entry.difficultyPerMinute;
    const ratio = present.nominalHashrate / entry.nominalHashrate;
    return ratio <= SAME_DEVICE && ratio >= 1 / SAME_DEVICE ? entry.difficultyPerMinute * ratio : undefined;
  }

  #keep(entry: RememberedDifficulty): void {
    const key = keyOf(entry);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    dropOldest(this.#entries, this.#maxEntries);
  }
}

function keyOf({ kind, userIdentity }: Worker): string {
  return `${kind} ${userIdentity}`;
}
