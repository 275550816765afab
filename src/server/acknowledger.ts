/**
 * Brings what the channels earned into the ledger and, once it is there, the acknowledgements to the miners. One commit
 * is under way at a time; a commit that fails is tried again with the same batch id, and nothing is acknowledged until
 * it succeeds. SV2 §5.3.13.
 */

import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ShareLedger } from "../ledger/ledger.ts";
import { AcknowledgementBook, type Flush } from "../mining/acknowledgements.ts";
import type { Channel } from "../mining/channel.ts";
import { encodeFrame } from "../wire/frame.ts";
import { SubmitSharesSuccess } from "../wire/share-messages.ts";

export type AcknowledgerOptions = {
  readonly ledger: ShareLedger;
  /** Unique per run of the process: batch ids begin with it. */
  readonly runId: string;
  /** A channel's shares are acknowledged at the latest after this long. */
  readonly intervalMs: number;
  /** So many shares of all channels are flushed at once. */
  readonly maxPendingShares: number;
};

/** How long a failed commit waits before it is tried again. Arbitrary: long enough for a log that can be read. */
const RETRY_MS = 1_000;

export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #book = new AcknowledgementBook();
  #timer: Timer | undefined;
  #committing: Promise<void> | undefined;
  #batches = 0;

  constructor(options: AcknowledgerOptions, context: { readonly logger: Logger; readonly clock: Clock }) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
  }

  /** The channel has an accepted share more. `urgent`: it is acknowledged as soon as it is in the ledger. */
  noteAccepted(channel: Channel, urgent: boolean): void {
    this.#book.noteAccepted(channel);
    if (urgent || this.#book.pendingShares >= this.#options.maxPendingShares) this.#flushSoon();
    else this.#startTimer();
  }

  /** The channel has a rejected share more. */
  noteRejected(channel: Channel): void {
    this.#book.noteRejected(channel);
    this.#startTimer();
  }

  /** Resolves when all that was noted before is in the ledger and acknowledged. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#committing !== undefined) await this.#committing;
    this.#batches += 1;
    const flush = this.#book.take(`${this.#options.runId}-${this.#batches}`, this.#clock.nowMs());
    if (flush === undefined) return;
    this.#committing = this.#commit(flush);
    await this.#committing;
  }

  #startTimer(): void {
    this.#timer ??= this.#clock.after(this.#options.intervalMs, () => this.#flushSoon());
  }

  #flushSoon(): void {
    // While a commit is under way the next flush follows from it.
    if (this.#committing !== undefined) return this.#startTimer();
    void this.flush();
  }

  async #commit(flush: Flush): Promise<void> {
    for (;;) {
      try {
        await this.#options.ledger.commit(flush.commit);
        break;
      } catch (error) {
        this.#logger.error("shares could not be stored; their acknowledgements wait", {
          error: error instanceof Error ? error.message : String(error),
          channels: flush.commit.credits.length,
        });
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
      }
    }
    this.#committing = undefined;
    for (const { channel, lastSequenceNumber, acceptedShares, sharesSum } of flush.acknowledgements) {
      if (!channel.open) continue;
      channel.sink.send(
        encodeFrame(SubmitSharesSuccess, {
          channel_id: channel.channelId,
          last_sequence_number: lastSequenceNumber,
          new_submits_accepted_count: acceptedShares,
          new_shares_sum: sharesSum,
        }),
      );
    }
  }
}
