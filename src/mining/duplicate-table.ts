/**
 * The shares that a channel has found, so that none counts twice: an open-addressing table of hash prefixes for each of
 * the last tips. Exact for a tip's whole life, and kept over a reorganisation that comes back (A → B → A). A channel
 * without shares has no table.
 */

import { randomBytes } from "node:crypto";

export type DuplicateTableOptions = {
  /** Tips whose shares are remembered: the present one, and what a reorganisation by two blocks could bring back. */
  readonly maxTips?: number;
  /** Shares of one tip; one more is answered with "full". At 12 shares a minute it would take two months. */
  readonly maxEntriesPerTip?: number;
};

/** Entries that a tip's table begins with. Arbitrary: 512 bytes. */
const FIRST_CAPACITY = 32;
/** 16 bytes of a hash: 2^64 shares would have to be found before two of them met by chance. */
const WORDS = 4;

/** Differs by process, so that nobody can choose hashes that meet in one place of the table. */
const SEED = randomBytes(4).readUInt32LE();

class HashSet {
  #words = new Uint32Array(FIRST_CAPACITY * WORDS);
  #capacity = FIRST_CAPACITY;
  count = 0;

  /** @returns false where the hash was there already. */
  add(hash: Uint8Array): boolean {
    // The low-order bytes, which come first in header order: the high-order ones are zeros in every share.
    const entry = new DataView(hash.buffer, hash.byteOffset, 4 * WORDS);
    const a = entry.getUint32(0, true);
    const b = entry.getUint32(4, true);
    const c = entry.getUint32(8, true);
    // An empty place is all zeros, so no entry may be.
    const d = (entry.getUint32(12, true) | 1) >>> 0;
    if (this.#insert(a, b, [c, d])) {
      this.count += 1;
      if (2 * this.count > this.#capacity) this.#grow();
      return true;
    }
    return false;
  }

  #insert(a: number, b: number, [c, d]: readonly [number, number]): boolean {
    const words = this.#words;
    const mask = this.#capacity - 1;
    let place = (Math.imul(a ^ SEED, 0x9e3779b1) ^ b) >>> 0;
    for (;;) {
      const at = (place & mask) * WORDS;
      if (words[at + 3] === 0) {
        words[at] = a;
        words[at + 1] = b;
        words[at + 2] = c;
        words[at + 3] = d;
        return true;
      }
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return false;
      place += 1;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#capacity *= 2;
    this.#words = new Uint32Array(this.#capacity * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const d = old[at + 3] ?? 0;
      if (d !== 0) this.#insert(old[at] ?? 0, old[at + 1] ?? 0, [old[at + 2] ?? 0, d]);
    }
  }
}

type TipShares = { readonly tip: number; readonly hashes: HashSet };

export class DuplicateTable {
  readonly #maxTips: number;
  readonly #maxEntriesPerTip: number;
  /** Used last, last. */
  readonly #tips: TipShares[] = [];

  constructor(options: DuplicateTableOptions = {}) {
    this.#maxTips = options.maxTips ?? 3;
    this.#maxEntriesPerTip = options.maxEntriesPerTip ?? 1 << 20;
  }

  /**
   * Notes a share.
   * @param hash 32 bytes, header order.
   * @param tip names the block that it builds on; the same number for the same block.
   */
  add(hash: Uint8Array, tip: number): "new" | "duplicate" | "full" {
    const { hashes } = this.#of(tip);
    if (hashes.count >= this.#maxEntriesPerTip) return "full";
    return hashes.add(hash) ? "new" : "duplicate";
  }

  #of(tip: number): TipShares {
    const last = this.#tips.at(-1);
    if (last?.tip === tip) return last;
    const index = this.#tips.findIndex((shares) => shares.tip === tip);
    const shares = index < 0 ? { tip, hashes: new HashSet() } : this.#tips.splice(index, 1)[0];
    if (shares === undefined) throw new RangeError("no such tip");
    this.#tips.push(shares);
    if (this.#tips.length > this.#maxTips) this.#tips.shift();
    return shares;
  }
}
