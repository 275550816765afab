/**
 * Brings what the channels earned into the ledger and, once it is there, the acknowledgements to the miners. One commit
 * is under way at a time; a commit that fails is tried again with the same batch id, and nothing is acknowledged until
 * it succeeds. SV2 §5.3.13.
 */

import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Gauge, MetricRegistry } from "../core/metrics.ts";
import type { ShareBatchCommit, ShareLedger } from "../ledger/ledger.ts";
import { type Acknowledgement, AcknowledgementBook } from "../mining/acknowledgements.ts";
import type { Channel } from "../mining/channel.ts";
import { encodeFrame } from "../wire/frame.ts";
import { SubmitSharesSuccess } from "../wire/share-messages.ts";
import { type LedgerFault, LedgerHealth } from "./ledger-health.ts";
import { LossLog } from "./loss-log.ts";

export type AcknowledgerOptions = AcknowledgerSettings & {
  readonly ledger: ShareLedger;
  /** Unique per run of the process: batch ids begin with it. */
  readonly runId: string;
  /** Acknowledgements of a commit wait for this too; it is called when the commit begins, and must not reject. */
  readonly beforeAcknowledging?: () => Promise<void>;
  /** Workers of closed channels whose credits wait for the ledger; of further ones they are lost. */
  readonly maxKeptWorkers?: number;
};

/** What can change while it runs. */
export type AcknowledgerSettings = {
  /** A channel's shares are acknowledged at the latest after this long. */
  readonly intervalMs: number;
  /** So many shares of all channels are flushed at once. */
  readonly maxPendingShares: number;
};

/** How long a failed commit waits before it is tried again. Arbitrary: long enough for a log that can be read. */
const RETRY_MS = 1_000;

export class Acknowledger {
  #options: AcknowledgerOptions;
  readonly #health: LedgerHealth;
  readonly #clock: Clock;
  readonly #losses: LossLog;
  readonly #channelsWaiting: Gauge;
  readonly #book: AcknowledgementBook;
  #timer: Timer | undefined;
  #committing: Promise<void> | undefined;
  /** What is under way is an empty batch. */
  #isProbing = false;
  /** Of the commit under way. */
  #unacknowledged: readonly Acknowledgement[] = [];
  /** What was noted while a commit is under way has waited long enough: the next flush follows at once. */
  #flushDue = false;
  #batches = 0;
  /** Accepted shares that are with the ledger, and those that it has. */
  #committingShares = 0;
  #storedShares = 0;
  #retry: Timer | undefined;
  #ended = false;

  constructor(
    options: AcknowledgerOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#health = new LedgerHealth(context);
    this.#losses = new LossLog(context);
    this.#clock = context.clock;
    this.#channelsWaiting = context.metrics.gauge({
      name: "adit_channels_unacknowledged",
      help: "Channels, counted each second, that are kept for shares which wait for the ledger",
    });
    this.#book = new AcknowledgementBook(options.maxKeptWorkers);
  }

  /** Holds from the next share on; what waits already waits no longer than it would have. */
  reconfigure(settings: AcknowledgerSettings): void {
    this.#options = { ...this.#options, ...settings };
  }

  /** Why no shares are stored; undefined while they are. */
  get ledgerFault(): LedgerFault | undefined {
    return this.#health.fault;
  }

  /** To be called each second or so: says where the ledger hangs, and lets go of channels that closed meanwhile. */
  look(): void {
    this.#health.look();
    this.#losses.note(this.#book.releaseClosed());
    this.#unacknowledged = this.#unacknowledged.filter(({ channel }) => channel.open);
    this.#channelsWaiting.set(this.#book.channels + this.#unacknowledged.length);
  }

  /** Accepted shares that the ledger has. */
  get storedShares(): number {
    return this.#storedShares;
  }

  /** Accepted shares that the ledger does not have. */
  get unstoredShares(): number {
    return this.#committingShares + this.#book.pendingShares;
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

  /** Stores an empty batch before anything else: a ledger that takes none is said to fail before there are shares. */
  probe(): void {
    this.#isProbing = true;
    const batch = { batchId: `${this.#options.runId}-0`, atMs: this.#clock.nowMs(), credits: [] };
    this.#committing = this.#store(batch).then(() => {
      this.#isProbing = false;
      this.#committing = undefined;
      if (this.#flushDue) this.#flushSoon();
    });
  }

  /** Resolves when all that was noted before is in the ledger and acknowledged. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isProbing && this.#book.isEmpty) return;
    while (this.#committing !== undefined) await this.#committing;
    this.#begin();
    await this.#committing;
  }

  /** Stores and acknowledges nothing more: what the ledger does not have by now is left. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#retry?.cancel();
    this.#losses.over();
  }

  #startTimer(): void {
    if (this.#ended) return;
    this.#timer ??= this.#clock.after(this.#options.intervalMs, () => this.#flushSoon());
  }

  #flushSoon(): void {
    if (this.#ended) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#committing === undefined) void this.flush();
    else this.#flushDue = true;
  }

  /** Nothing here waits: what waits for the ledger must hold no channel but by `#unacknowledged`. */
  #begin(): void {
    this.#batches += 1;
    const pendingShares = this.#book.pendingShares;
    const flush = this.#book.take(`${this.#options.runId}-${this.#batches}`, this.#clock.nowMs());
    if (flush === undefined) return;
    this.#losses.over();
    this.#flushDue = false;
    this.#committingShares = pendingShares;
    this.#unacknowledged = flush.acknowledgements;
    this.#committing = this.#commit(flush.commit);
  }

  /** Resolves once the ledger has the batch, after however many tries. */
  async #store(batch: ShareBatchCommit): Promise<void> {
    for (;;) {
      try {
        this.#health.begun();
        await this.#options.ledger.commit(batch);
        this.#health.ended();
        return;
      } catch (error) {
        this.#health.failed(error);
        await new Promise<void>((resolve) => {
          if (!this.#ended) this.#retry = this.#clock.after(RETRY_MS, resolve);
        });
      }
    }
  }

  async #commit(batch: ShareBatchCommit): Promise<void> {
    const ready = this.#options.beforeAcknowledging?.();
    await this.#store(batch);
    this.#storedShares += this.#committingShares;
    this.#committingShares = 0;
    await ready;
    this.#committing = undefined;
    const acknowledgements = this.#unacknowledged;
    this.#unacknowledged = [];
    for (const acknowledgement of acknowledgements) {
      const { channel } = acknowledgement;
      if (!channel.open) continue;
      try {
        acknowledge(acknowledgement);
      } catch (error) {
        // One connection's fault must not cost the others their acknowledgements.
        channel.sink.end("internal-error", error);
      }
    }
    if (this.#flushDue) this.#flushSoon();
  }
}

function acknowledge({ channel, lastSequenceNumber, acceptedShares, sharesSum }: Acknowledgement): void {
  channel.sink.send(
    encodeFrame(SubmitSharesSuccess, {
      channel_id: channel.channelId,
      last_sequence_number: lastSequenceNumber,
      new_submits_accepted_count: acceptedShares,
      new_shares_sum: sharesSum,
    }),
  );
}
