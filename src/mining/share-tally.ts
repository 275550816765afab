/** What one channel earned and lost since its last acknowledgement. Filled per share, emptied per flush. */

import { difficultyOfHash } from "../bitcoin/target.ts";
import { compareLittleEndian256 } from "../core/bytes.ts";
import type { ShareErrorCode } from "./error-codes.ts";
import { ShareSum } from "./share-sum.ts";

/** Shares that have their verdict. */
export type ShareTotals = { readonly acceptedTotal: number; readonly rejectedTotal: number };

/** The fields of a SubmitShares.Success (SV2 §5.3.13) and of a ledger entry. */
export type TakenTally = {
  readonly lastSequenceNumber: number;
  readonly acceptedShares: number;
  /** Whole difficulty; the fraction stays for the next acknowledgement. */
  readonly sharesSum: bigint;
  readonly difficulty: number;
  readonly bestDifficulty: number;
  readonly rejects: Readonly<Record<string, number>>;
};

export class ShareTally implements ShareTotals {
  #lastSequenceNumber = 0;
  #acceptedShares = 0;
  #acceptedBefore = 0;
  #rejectedBefore = 0;
  #difficulty = 0;
  readonly #sum = new ShareSum();
  readonly #bestHash = new Uint8Array(32).fill(0xff);
  #rejects: Map<ShareErrorCode, number> | undefined;

  /** Nothing happened since the last `take`. */
  get empty(): boolean {
    return this.#acceptedShares === 0 && this.#rejects === undefined;
  }

  get acceptedShares(): number {
    return this.#acceptedShares;
  }

  /** Since the channel was opened, acknowledged or not. */
  get acceptedTotal(): number {
    return this.#acceptedBefore + this.#acceptedShares;
  }

  /** Since the channel was opened. */
  get rejectedTotal(): number {
    let total = this.#rejectedBefore;
    for (const count of this.#rejects?.values() ?? []) total += count;
    return total;
  }

  /** @param hash 32 bytes, header order. */
  accept(sequenceNumber: number, difficulty: number, hash: Uint8Array): void {
    this.#lastSequenceNumber = sequenceNumber;
    this.#acceptedShares += 1;
    this.#difficulty += difficulty;
    this.#sum.add(difficulty);
    if (compareLittleEndian256(hash, this.#bestHash) < 0) this.#bestHash.set(hash);
  }

  reject(code: ShareErrorCode): void {
    this.#rejects ??= new Map();
    this.#rejects.set(code, (this.#rejects.get(code) ?? 0) + 1);
  }

  /** Returns what was gathered and begins anew. */
  take(): TakenTally {
    const taken: TakenTally = {
      lastSequenceNumber: this.#lastSequenceNumber,
      acceptedShares: this.#acceptedShares,
      sharesSum: this.#sum.take(),
      difficulty: this.#difficulty,
      bestDifficulty: this.#acceptedShares === 0 ? 0 : difficultyOfHash(this.#bestHash),
      rejects: Object.fromEntries(this.#rejects ?? []),
    };
    this.#acceptedBefore = this.acceptedTotal;
    this.#rejectedBefore = this.rejectedTotal;
    this.#acceptedShares = 0;
    this.#difficulty = 0;
    this.#bestHash.fill(0xff);
    this.#rejects = undefined;
    return taken;
  }
}

/** The sums over all of them. */
export function sumOfTotals(all: Iterable<ShareTotals>): ShareTotals {
  let acceptedTotal = 0;
  let rejectedTotal = 0;
  for (const totals of all) {
    acceptedTotal += totals.acceptedTotal;
    rejectedTotal += totals.rejectedTotal;
  }
  return { acceptedTotal, rejectedTotal };
}
