/**
 * The shares that a channel has found, so that none counts twice: an open-addressing table of hash prefixes for each of
 * the last tips. Exact for a tip's whole life, and kept over a reorganisation that comes back (A → B → A). A channel
 * without shares has no table.
 */

import { randomBytes } from "node:crypto";

/** The present tip, the one before, and one that came back: a reorganisation goes over two of them. */
const MAX_TIPS = 3;

/** 16 MiB in 16-byte prefixes. At 12 shares a minute a tip would have to live for 60 days. */
const MAX_SHARES_PER_TIP = 1 << 20;

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

/**
 * Odd, and others in each process: the high bits of the products depend on all bits of the words and on these, so nobody
 * can choose hashes that meet in one place of the table (multiply-shift hashing).
 */
const [FACTOR_A, FACTOR_B] = [0, 1].map(() => randomBytes(4).readUInt32LE() | 1) as [number, number];

class HashSet {
  #words = new Uint32Array(FIRST_CAPACITY * WORDS);
  /** A power of two. */
  #capacity = FIRST_CAPACITY;
  /** Takes from 32 bits as many of the highest as name a place. */
  #shift = 32 - Math.log2(FIRST_CAPACITY);
  /** The hash that is looked for: reused, so that a share makes no object. */
  readonly #key = new Uint32Array(WORDS);
  count = 0;

  /** @returns false where the hash was there already. */
  add(hash: Uint8Array): boolean {
    this.#load(hash);
    const at = this.#find();
    if (this.#words[at + 3] !== 0) return false;
    this.#words.set(this.#key, at);
    this.count += 1;
    if (2 * this.count > this.#capacity) this.#grow();
    return true;
  }

  has(hash: Uint8Array): boolean {
    this.#load(hash);
    return this.#words[this.#find() + 3] !== 0;
  }

  /** Takes the low-order bytes, which come first in header order: the high-order ones are zeros in every share. */
  #load(hash: Uint8Array): void {
    for (let word = 0; word < WORDS; word += 1) {
      const at = 4 * word;
      this.#key[word] =
        (hash[at] ?? 0) | ((hash[at + 1] ?? 0) << 8) | ((hash[at + 2] ?? 0) << 16) | ((hash[at + 3] ?? 0) << 24);
    }
    // An empty place is all zeros, so no entry's last word may be.
    this.#key[3] = (this.#key[3] ?? 0) | 1;
  }

  /** Where the loaded key stands, or the empty place where it would. */
  #find(): number {
    const words = this.#words;
    const key = this.#key;
    const a = key[0] ?? 0;
    const b = key[1] ?? 0;
    const c = key[2] ?? 0;
    const d = key[3] ?? 0;
    const mask = this.#capacity - 1;
    for (let place = (Math.imul(a, FACTOR_A) + Math.imul(b, FACTOR_B)) >>> this.#shift; ; place += 1) {
      const at = (place & mask) * WORDS;
      if (words[at + 3] === 0) return at;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#capacity *= 2;
    this.#shift -= 1;
    this.#words = new Uint32Array(this.#capacity * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 3] === 0) continue;
      this.#key.set(old.subarray(at, at + WORDS));
      this.#words.set(this.#key, this.#find());
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
    this.#maxTips = options.maxTips ?? MAX_TIPS;
    this.#maxEntriesPerTip = options.maxEntriesPerTip ?? MAX_SHARES_PER_TIP;
  }

  /**
   * Notes a share.
   * @param hash 32 bytes, header order.
   * @param tip names the block that it builds on; the same number for the same block.
   */
  add(hash: Uint8Array, tip: number): "new" | "duplicate" | "full" {
    const { hashes } = this.#of(tip);
    if (hashes.count < this.#maxEntriesPerTip) return hashes.add(hash) ? "new" : "duplicate";
    return hashes.has(hash) ? "duplicate" : "full";
  }

  /** Whether the share was noted; nothing is noted by it. */
  has(hash: Uint8Array, tip: number): boolean {
    return this.#tips.some((shares) => shares.tip === tip && shares.hashes.has(hash));
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
