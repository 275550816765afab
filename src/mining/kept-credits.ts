/**
 * What closed channels earned and lost until a flush takes it: one credit of each identity, so that miners that come and
 * go while the ledger cannot be written cost no more memory than there are workers.
 */

import { CreditSum } from "../ledger/credit-sum.ts";
import type { ChannelCredit } from "../ledger/ledger.ts";

/** Some 500 bytes each. As many as there can be channels. */
export const MAX_KEPT_WORKERS = 100_000;

/** Shares that are in no credit any more, so that the ledger will never have them. */
export type LostShares = { readonly accepted: number; readonly rejected: number };

const NONE_LOST: LostShares = { accepted: 0, rejected: 0 };

export class KeptCredits {
  readonly #limit: number;
  readonly #earned = new Map<string, CreditSum>();
  /**
   * Of those without an accepted share. Rejected ones cost a client nothing, under as many identities as it likes: where
   * there is no room they give way to what was earned, the oldest first.
   */
  readonly #unearned = new Map<string, CreditSum>();

  /** @param limit the most identities. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Identities that it has a credit of. */
  get size(): number {
    return this.#earned.size + this.#unearned.size;
  }

  /**
   * Adds a credit to that of its identity.
   * @returns what there was no room for: shares of this one, or rejected ones of another.
   */
  add(credit: ChannelCredit): LostShares {
    const { userIdentity, acceptedShares } = credit;
    const known = this.#earned.get(userIdentity) ?? this.#unearned.get(userIdentity);
    const lost = known === undefined ? this.#makeRoom(credit) : NONE_LOST;
    if (lost === undefined) return { accepted: acceptedShares, rejected: rejectedOf(credit) };
    const sum = known ?? new CreditSum();
    sum.add(credit);
    if (acceptedShares > 0) {
      this.#unearned.delete(userIdentity);
      this.#earned.set(userIdentity, sum);
    } else if (known === undefined) this.#unearned.set(userIdentity, sum);
    return lost;
  }

  /** All of them, those that were earned first; it begins anew. */
  take(): ChannelCredit[] {
    const taken = [...this.#earned, ...this.#unearned].map(([userIdentity, sum]) => ({ userIdentity, ...sum.plain() }));
    this.#earned.clear();
    this.#unearned.clear();
    return taken;
  }

  /** What was lost by it; undefined where there is no room for a further identity. */
  #makeRoom({ acceptedShares }: ChannelCredit): LostShares | undefined {
    if (this.size < this.#limit) return NONE_LOST;
    if (acceptedShares === 0) return undefined;
    for (const [userIdentity, sum] of this.#unearned) {
      this.#unearned.delete(userIdentity);
      return { accepted: 0, rejected: rejectedOf(sum.plain()) };
    }
    return undefined;
  }
}

function rejectedOf({ rejects }: Pick<ChannelCredit, "rejects">): number {
  return Object.values(rejects).reduce((sum, count) => sum + count, 0);
}
