/**
 * What becomes of the shares of a run once their hashes are known, in the order in which they came: block first, then
 * duplicate, then target. Leaves to others what a verdict looks like on the wire and when it is acknowledged.
 */

import { compareLittleEndian256 } from "../core/bytes.ts";
import type { Logger } from "../core/logger.ts";
import type { VerdictBatch } from "../sharecore/types.ts";
import { VERDICT_MEETS_NETWORK_TARGET, VERDICT_MEETS_SHARE_TARGET, VERDICT_UNKNOWN_JOB } from "../sharecore/types.ts";
import type { Channel } from "./channel.ts";
import type { ShareErrorCode } from "./error-codes.ts";
import type { ShareCounters } from "./share-counters.ts";
import type { RunEntry, ShareRun } from "./share-run.ts";
import { type BlockFound, solvedBlock } from "./solved-block.ts";

export interface ShareVerdictListener {
  /** The share counts. `block` tells that it solved one: acknowledge at once. */
  onAccepted(channel: Channel, outcome: { readonly solvedBlock: boolean }): void;
  /** The share does not count; SubmitShares.Error goes out at once, if the channel is open still. */
  onRejected(channel: Channel, outcome: { readonly sequenceNumber: number; readonly code: ShareErrorCode }): void;
  /** Called before anything else is done with the share, whatever its verdict. */
  onBlockFound(block: BlockFound): void;
  /** The channel's memory of shares is full: it has to be closed. */
  onDuplicatesFull(channel: Channel): void;
}

export class ShareSettlement {
  readonly #listener: ShareVerdictListener;
  readonly #logger: Logger;
  readonly #counters: ShareCounters;
  readonly #entry: Partial<RunEntry> = {};

  constructor(listener: ShareVerdictListener, context: { readonly logger: Logger; readonly counters: ShareCounters }) {
    this.#listener = listener;
    this.#logger = context.logger;
    this.#counters = context.counters;
  }

  /** Settles every share of the run; a fault of one costs no other its verdict. */
  settle(run: ShareRun, verdicts: VerdictBatch): void {
    // Blocks are on their way before any other share of the run is looked at.
    for (let index = 0; index < run.count; index += 1) {
      const batchIndex = run.batchIndex(index);
      if (batchIndex < 0 || (verdicts.flags(batchIndex) & VERDICT_MEETS_NETWORK_TARGET) === 0) continue;
      try {
        this.#submitBlock(run, index, verdicts.hash(batchIndex));
      } catch (error) {
        this.#noteFault("a solved block could not be submitted", error);
      }
    }
    for (let index = 0; index < run.count; index += 1) {
      try {
        this.#settleShare(run, index, verdicts);
      } catch (error) {
        this.#noteFault("a share could not be settled", error);
      }
    }
  }

  /** One share's fault must not cost the others of the run their verdicts. */
  #noteFault(message: string, error: unknown): void {
    this.#logger.error(message, {
      channel: this.#entry.channel?.key,
      stack: error instanceof Error ? error.stack : String(error),
    });
  }

  #submitBlock(run: ShareRun, index: number, hash: Uint8Array): void {
    const entry = this.#entry as RunEntry;
    run.read(index, entry);
    const { job } = entry;
    if (job === undefined) return;
    this.#listener.onBlockFound(solvedBlock({ ...entry, job, extranonce: run.extranonce(index), hash: hash.slice() }));
  }

  /** Also where its channel has closed since it came: it was earned before. */
  #settleShare(run: ShareRun, index: number, verdicts: VerdictBatch): void {
    const entry = this.#entry as RunEntry;
    run.read(index, entry);
    const { channel, job, batchIndex, sequenceNumber, early, worker } = entry;
    if (early !== undefined) return this.#reject(entry, early);
    if (job === undefined) return this.#reject(entry, "invalid-job-id");
    const flags = verdicts.flags(batchIndex);
    const hash = verdicts.hash(batchIndex);
    if ((flags & VERDICT_UNKNOWN_JOB) !== 0) {
      this.#logger.error("a known job was unknown to the share validator", { jobId: job.jobId });
      return this.#reject(entry, "invalid-job-id");
    }
    const solved = (flags & VERDICT_MEETS_NETWORK_TARGET) !== 0;
    const meetsJobTarget = (flags & VERDICT_MEETS_SHARE_TARGET) !== 0;
    const { tip } = job.jobTemplate;
    // Clients judge a share by its job's target or by the newest one, so a share that meets either is accepted. One
    // that misses its job's target earns nothing: withheld until the target eased, it would be paid twice.
    if (!meetsJobTarget && !solved && compareLittleEndian256(hash, channel.target.bytes) > 0) {
      // It was good once, where the target was easier then: it is known first of all.
      const known = channel.duplicates.has(hash, tip);
      return this.#reject(entry, known ? "duplicate-share" : "difficulty-too-low");
    }
    switch (channel.duplicates.add(hash, tip)) {
      case "duplicate":
        return this.#reject(entry, "duplicate-share");
      case "full":
        if (!channel.open) return;
        this.#logger.warn("more shares on one tip than can be told apart", { channel: channel.key });
        return this.#listener.onDuplicatesFull(channel);
      case "new":
        break;
    }
    const credit = meetsJobTarget ? job.difficulty : 0;
    const { tally } = channel;
    const wasFull = tally.workersFull;
    tally.accept({ sequenceNumber, difficulty: credit, hash, worker });
    if (tally.workersFull && !wasFull) {
      this.#logger.warn("as many workers on one channel as are told apart", { channel: channel.key });
    }
    channel.vardiff?.onShare(credit);
    this.#counters.accepted();
    this.#listener.onAccepted(channel, { solvedBlock: solved });
  }

  #reject({ channel, sequenceNumber, worker }: RunEntry, code: ShareErrorCode): void {
    channel.tally.reject(code, worker);
    this.#counters.rejected(code);
    this.#listener.onRejected(channel, { sequenceNumber, code });
  }
}
