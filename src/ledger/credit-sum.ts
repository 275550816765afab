/** Sums of credits: of an identity, of a minute, of everything. */

import type { LedgerTotals } from "./ledger.ts";

export class CreditSum {
  #acceptedShares = 0;
  #difficulty = 0;
  #bestDifficulty = 0;
  readonly #rejects = new Map<string, number>();

  add({ acceptedShares, difficulty, bestDifficulty, rejects }: LedgerTotals): void {
    this.#acceptedShares += acceptedShares;
    this.#difficulty += difficulty;
    this.#bestDifficulty = Math.max(this.#bestDifficulty, bestDifficulty);
    for (const [code, count] of Object.entries(rejects)) {
      this.#rejects.set(code, (this.#rejects.get(code) ?? 0) + count);
    }
  }

  /** A copy that can be sent to another process. */
  plain(): LedgerTotals {
    return {
      acceptedShares: this.#acceptedShares,
      difficulty: this.#difficulty,
      bestDifficulty: this.#bestDifficulty,
      rejects: Object.fromEntries(this.#rejects),
    };
  }
}
