/**
 * Which channels have something to tell the ledger and, once the ledger has it, the miner. Nothing is acknowledged
 * before its commit has resolved: what is gathered meanwhile belongs to the next flush. SV2 §5.3.13.
 */

import type { ShareBatchCommit } from "../ledger/ledger.ts";
import type { Channel } from "./channel.ts";
import { KeptCredits, type LostShares, MAX_KEPT_WORKERS } from "./kept-credits.ts";
import type { TakenTally } from "./share-tally.ts";

/** The fields of one SubmitShares.Success: of all workers of the channel together. */
export type Acknowledgement = Omit<TakenTally, "credits"> & { readonly channel: Channel };

export type Flush = {
  readonly commit: ShareBatchCommit;
  /** To be sent when the commit has resolved. */
  readonly acknowledgements: readonly Acknowledgement[];
};

export class AcknowledgementBook {
  readonly #pending = new Set<Channel>();
  /** Of channels that were let go. */
  readonly #kept: KeptCredits;
  #pendingShares = 0;

  /** @param maxKeptWorkers identities of channels that were let go whose credits are kept until the next flush. */
  constructor(maxKeptWorkers: number = MAX_KEPT_WORKERS) {
    this.#kept = new KeptCredits(maxKeptWorkers);
  }

  /** Accepted shares since the last flush, but for those that were lost. */
  get pendingShares(): number {
    return this.#pendingShares;
  }

  /** Nothing was gathered since the last flush. */
  get isEmpty(): boolean {
    return this.#pending.size === 0 && this.#kept.size === 0;
  }

  /** Channels that it holds. */
  get channels(): number {
    return this.#pending.size;
  }

  /** Notes that the channel's tally has an accepted share more. */
  noteAccepted(channel: Channel): void {
    this.#pending.add(channel);
    this.#pendingShares += 1;
  }

  /** Notes that the channel's tally has a rejected share more. */
  noteRejected(channel: Channel): void {
    this.#pending.add(channel);
  }

  /**
   * Lets go of closed channels. Their credits are kept, one of each identity. To be called now and then: where no flush
   * can be made, channels that come and go would fill the memory.
   * @returns what could not be kept.
   */
  releaseClosed(): LostShares {
    const lost = { accepted: 0, rejected: 0 };
    for (const channel of this.#pending) {
      if (channel.open) continue;
      this.#pending.delete(channel);
      for (const credit of channel.tally.take().credits) {
        const { accepted, rejected } = this.#kept.add(credit);
        lost.accepted += accepted;
        lost.rejected += rejected;
      }
    }
    this.#pendingShares -= lost.accepted;
    return lost;
  }

  /**
   * Takes everything gathered since the last call: first what is kept of closed channels, then the others in the order
   * of their first shares.
   * @returns undefined where there is nothing.
   */
  take(batchId: string, atMs: number): Flush | undefined {
    const credits = this.#kept.take();
    if (this.#pending.size === 0 && credits.length === 0) return undefined;
    const acknowledgements: Acknowledgement[] = [];
    for (const channel of this.#pending) {
      const { credits: earned, lastSequenceNumber, acceptedShares, sharesSum } = channel.tally.take();
      for (const credit of earned) credits.push(credit);
      if (acceptedShares === 0 || !channel.open) continue;
      acknowledgements.push({ channel, lastSequenceNumber, acceptedShares, sharesSum });
    }
    this.#pending.clear();
    this.#pendingShares = 0;
    return { commit: { batchId, atMs, credits }, acknowledgements };
  }
}
