/**
 * Which channels have something to tell the ledger and, once the ledger has it, the miner. Nothing is acknowledged
 * before its commit has resolved: what is gathered meanwhile belongs to the next flush. SV2 §5.3.13.
 */

import type { ChannelCredit, ShareBatchCommit } from "../ledger/ledger.ts";
import type { Channel } from "./channel.ts";
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
  #pendingShares = 0;

  /** Accepted shares since the last flush. */
  get pendingShares(): number {
    return this.#pendingShares;
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
   * Takes everything gathered since the last call, in the order of the channels' first shares.
   * @returns undefined where there is nothing.
   */
  take(batchId: string, atMs: number): Flush | undefined {
    if (this.#pending.size === 0) return undefined;
    const credits: ChannelCredit[] = [];
    const acknowledgements: Acknowledgement[] = [];
    for (const channel of this.#pending) {
      const { credits: earned, ...acknowledged } = channel.tally.take();
      for (const credit of earned) credits.push(credit);
      if (acknowledged.acceptedShares > 0) acknowledgements.push({ channel, ...acknowledged });
    }
    this.#pending.clear();
    this.#pendingShares = 0;
    return { commit: { batchId, atMs, credits }, acknowledgements };
  }
}
