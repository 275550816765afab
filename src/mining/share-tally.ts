/**
 * What one channel earned and lost since its last acknowledgement: for the miner the sum of all that was accepted, for
 * the ledger a credit of each identity. Filled per share, emptied per flush. SV2 §5.3.13.
 */

import type { ChannelCredit } from "../ledger/ledger.ts";
import { NO_WORKER } from "../wire/worker-field.ts";
import { ChannelEarners } from "./channel-earners.ts";
import type { ShareErrorCode } from "./error-codes.ts";
import { ShareSum } from "./share-sum.ts";

/** Shares that have their verdict. */
export type ShareTotals = { readonly acceptedTotal: number; readonly rejectedTotal: number };

/** The fields of a SubmitShares.Success, and the ledger's entries. */
export type TakenTally = {
  readonly lastSequenceNumber: number;
  readonly acceptedShares: number;
  /** Whole difficulty; the fraction stays for the next acknowledgement. */
  readonly sharesSum: bigint;
  readonly credits: readonly ChannelCredit[];
};

export type AcceptedShare = {
  readonly sequenceNumber: number;
  /** What it is credited with. */
  readonly difficulty: number;
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
  /** The name of the worker that found it; none or empty where it is the channel's own. */
  readonly worker?: Uint8Array;
};

export class ShareTally implements ShareTotals {
  #lastSequenceNumber = 0;
  #acceptedShares = 0;
  #acceptedBefore = 0;
  #rejectedTotal = 0;
  readonly #sum = new ShareSum();
  readonly #earners: ChannelEarners;

  /** @param userIdentity of the channel. */
  constructor(userIdentity: string) {
    this.#earners = new ChannelEarners(userIdentity);
  }

  /** As many workers have earned as are told apart. */
  get workersFull(): boolean {
    return this.#earners.full;
  }

  /** Since the channel was opened, acknowledged or not. */
  get acceptedTotal(): number {
    return this.#acceptedBefore + this.#acceptedShares;
  }

  /** Since the channel was opened. */
  get rejectedTotal(): number {
    return this.#rejectedTotal;
  }

  accept(share: AcceptedShare): void {
    const { sequenceNumber, difficulty, hash, worker = NO_WORKER } = share;
    this.#lastSequenceNumber = sequenceNumber;
    this.#acceptedShares += 1;
    this.#sum.add(difficulty);
    this.#earners.accept(worker, difficulty, hash);
  }

  reject(code: ShareErrorCode, worker: Uint8Array = NO_WORKER): void {
    this.#rejectedTotal += 1;
    this.#earners.reject(worker, code);
  }

  /** Returns what was gathered and begins anew. */
  take(): TakenTally {
    const taken = {
      lastSequenceNumber: this.#lastSequenceNumber,
      acceptedShares: this.#acceptedShares,
      sharesSum: this.#sum.take(),
      credits: this.#earners.take(),
    };
    this.#acceptedBefore = this.acceptedTotal;
    this.#acceptedShares = 0;
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
