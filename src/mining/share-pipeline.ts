/**
 * The way of a share from its frame to its verdict. Shares of one turn of the event loop are gathered into a run, the
 * run is validated at the turn's end, and each share is settled in the order in which it came: block first, then
 * duplicate, then target. Leaves to others what a verdict looks like on the wire and when it is acknowledged.
 */

import { compareLittleEndian256 } from "../core/bytes.ts";
import type { Moment } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { JobHandle, ShareValidator, VerdictBatch } from "../sharecore/types.ts";
import { VERDICT_MEETS_NETWORK_TARGET, VERDICT_MEETS_SHARE_TARGET, VERDICT_UNKNOWN_JOB } from "../sharecore/types.ts";
import type { ShareSubmission } from "../wire/share-fields.ts";
import type { Channel } from "./channel.ts";
import type { ChannelJob } from "./channel-job.ts";
import type { ShareErrorCode } from "./error-codes.ts";
import { checkShare } from "./share-check.ts";
import type { ShareCounters } from "./share-counters.ts";
import { type RunEntry, ShareRun } from "./share-run.ts";
import { type BlockFound, solvedBlock } from "./solved-block.ts";

/**
 * Shares per run. Arbitrary within limits: two reads of 64 KiB from a socket hold some 4,000 plain share frames, and a
 * run costs about 1 MiB of memory.
 */
const RUN_CAPACITY = 4096;

/**
 * Runs that may wait for the validator at once. As soon as one waits, who sends more is not read from any more, so the
 * rest holds a read of each connection at most; from half of it on nobody is.
 */
const MAX_WAITING_RUNS = 64;

/** Empty runs that are kept to be used again. Arbitrary: what a busy pool fills at once. */
const MAX_IDLE_RUNS = 4;

/** Who is to be read from while shares wait: everybody, those that send nothing, nobody. */
export type Backpressure = "none" | "senders" | "everybody";

export interface ShareOutcomeListener {
  /** The first share since the last flush came in: flush at the end of this turn. */
  onGathered(): void;
  /** The share counts. `block` tells that it solved one: acknowledge at once. */
  onAccepted(channel: Channel, outcome: { readonly solvedBlock: boolean }): void;
  /** The share does not count; SubmitShares.Error goes out at once, if the channel is open still. */
  onRejected(channel: Channel, outcome: { readonly sequenceNumber: number; readonly code: ShareErrorCode }): void;
  /** Called before anything else is done with the share, whatever its verdict. */
  onBlockFound(block: BlockFound): void;
  /** The channel's memory of shares is full: it has to be closed. */
  onDuplicatesFull(channel: Channel): void;
  /** Whose reading has to pause from now on. */
  onBackpressure(level: Backpressure): void;
}

/**
 * Slots of the validator that standard channels' jobs may take, by default: half of what the server reserves. With 16
 * jobs each they serve 4,000 channels that all send shares on all of their jobs.
 */
export const MAX_STANDARD_JOBS = 65_536;

export type SharePipelineOptions = {
  readonly validator: ShareValidator;
  readonly listener: ShareOutcomeListener;
  readonly maxStandardJobs?: number;
};

export class SharePipeline {
  readonly #validator: ShareValidator;
  readonly #listener: ShareOutcomeListener;
  readonly #logger: Logger;
  readonly #counters: ShareCounters;
  /** Empty runs, to be used again; a few. */
  readonly #idle: ShareRun[] = [];
  /** Full or flushed runs that the validator had no room for, oldest first. */
  readonly #waiting: ShareRun[] = [];
  /** Jobs whose slots go back once no run waits. */
  readonly #releaseLater: JobHandle[] = [];
  #filling: ShareRun;
  readonly #maxStandardJobs: number;
  #standardJobs = 0;
  #underWay = 0;
  #backpressure: Backpressure = "none";
  #whenIdle: (() => void)[] = [];
  readonly #entry: Partial<RunEntry> = {};

  constructor(options: SharePipelineOptions, context: { readonly logger: Logger; readonly counters: ShareCounters }) {
    this.#validator = options.validator;
    this.#listener = options.listener;
    this.#maxStandardJobs = options.maxStandardJobs ?? MAX_STANDARD_JOBS;
    this.#logger = context.logger;
    this.#counters = context.counters;
    this.#filling = new ShareRun(this.#validator, RUN_CAPACITY);
    this.#validator.onDrain(() => this.#submitWaiting());
  }

  /** Shares gathered and not yet settled exist. */
  get busy(): boolean {
    return this.#underWay > 0 || this.#waiting.length > 0 || this.#filling.count > 0;
  }

  /**
   * Takes one share of an open channel.
   * @param present the time and the present tip's epoch.
   * @returns false where nothing more can be taken; the connection that sent it is to be ended.
   */
  add(
    channel: Channel,
    submission: ShareSubmission,
    present: { readonly now: Moment; readonly tipEpoch: number },
  ): boolean {
    if (this.#filling.full) {
      if (this.#waiting.length >= MAX_WAITING_RUNS) return false;
      this.flush();
    }
    if (this.#filling.count === 0) this.#listener.onGathered();
    const job = channel.findJob(submission.jobId);
    if (job === undefined) {
      this.#filling.addUnhashed(channel, submission.sequenceNumber, "invalid-job-id");
      return true;
    }
    const early = checkShare(channel, job, { submission, nowMs: present.now.wallMs, tipEpoch: present.tipEpoch });
    if (submission.extranonce.length !== channel.rollableBytes) {
      this.#filling.addUnhashed(channel, submission.sequenceNumber, early ?? "bad-extranonce-size");
      return true;
    }
    if (job.merkleRoot !== undefined && job.standardHandle === undefined) this.#registerStandard(job, job.merkleRoot);
    this.#filling.add(channel, job, { submission, early });
    return true;
  }

  /** Hands what was gathered to the validator; called at the end of each turn in which `add` was. */
  flush(): void {
    if (this.#filling.count === 0) return;
    const run = this.#filling;
    this.#filling = this.#idle.pop()?.reuse() ?? new ShareRun(this.#validator, RUN_CAPACITY);
    if (this.#waiting.length > 0 || !this.#submit(run)) {
      this.#waiting.push(run);
      this.#setBackpressure(this.#waiting.length < MAX_WAITING_RUNS / 2 ? "senders" : "everybody");
    }
  }

  /**
   * Gives a job's slot in the validator back, once every share that was taken before is with the validator: a share
   * that solves a block counts even where its channel closed in the same moment.
   */
  releaseJob(handle: JobHandle): void {
    this.#releaseLater.push(handle);
    this.#releaseJobs();
  }

  /** As `releaseJob`, for the slot of a standard channel's job. */
  releaseStandardJob(handle: JobHandle): void {
    this.#standardJobs -= 1;
    this.releaseJob(handle);
  }

  /** Resolves when every share taken so far is settled. */
  settled(): Promise<void> {
    this.flush();
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Gives a standard channel's job a slot of its own; without one its shares are validated over the coinbase. */
  #registerStandard(job: ChannelJob, merkleRoot: Uint8Array): void {
    if (this.#standardJobs >= this.#maxStandardJobs) return;
    this.#standardJobs += 1;
    const { template, version, networkTarget } = job.jobTemplate;
    job.standardHandle = this.#validator.addJob({
      kind: "standard",
      prevHash: template.prevHash,
      merkleRoot,
      version,
      bits: template.bits,
      networkTarget,
    });
  }

  #releaseJobs(): void {
    if (this.#releaseLater.length === 0) return;
    this.flush();
    if (this.#waiting.length > 0) return;
    for (const handle of this.#releaseLater.splice(0)) this.#validator.releaseJob(handle);
  }

  #submit(run: ShareRun): boolean {
    this.#underWay += 1;
    const taken = this.#validator.submit(run.batch, (verdicts) => this.#settle(run, verdicts));
    if (!taken) this.#underWay -= 1;
    return taken;
  }

  #submitWaiting(): void {
    // Taken out first: where its verdicts come at once, nothing must seem to wait any more.
    for (let run = this.#waiting.shift(); run !== undefined; run = this.#waiting.shift()) {
      if (this.#submit(run)) continue;
      this.#waiting.unshift(run);
      return;
    }
    this.#releaseJobs();
    this.#setBackpressure("none");
  }

  /** It rises until nothing waits any more. */
  #setBackpressure(level: Backpressure): void {
    if (this.#backpressure === level || (this.#backpressure === "everybody" && level === "senders")) return;
    this.#backpressure = level;
    this.#listener.onBackpressure(level);
  }

  #settle(run: ShareRun, verdicts: VerdictBatch): void {
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
    run.forget();
    // Not before all is read: a listener may have flushed, and until the callback returns the batch is the validator's.
    if (this.#idle.length < MAX_IDLE_RUNS) this.#idle.push(run);
    this.#underWay -= 1;
    if (!this.busy) {
      for (const resolve of this.#whenIdle.splice(0)) resolve();
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
    const { channel, job, version, ntime, nonce } = entry;
    if (job === undefined) return;
    const extranonce = run.extranonce(index);
    this.#listener.onBlockFound(solvedBlock({ channel, job, version, ntime, nonce, extranonce, hash: hash.slice() }));
  }

  /** Also where its channel has closed since it came: it was earned before. */
  #settleShare(run: ShareRun, index: number, verdicts: VerdictBatch): void {
    const entry = this.#entry as RunEntry;
    run.read(index, entry);
    const { channel, job, batchIndex, sequenceNumber, early } = entry;
    if (early !== undefined) return this.#reject(channel, sequenceNumber, early);
    if (job === undefined) return this.#reject(channel, sequenceNumber, "invalid-job-id");
    const flags = verdicts.flags(batchIndex);
    const hash = verdicts.hash(batchIndex);
    if ((flags & VERDICT_UNKNOWN_JOB) !== 0) {
      this.#logger.error("a known job was unknown to the share validator", { jobId: job.jobId });
      return this.#reject(channel, sequenceNumber, "invalid-job-id");
    }
    const solved = (flags & VERDICT_MEETS_NETWORK_TARGET) !== 0;
    const meetsJobTarget = (flags & VERDICT_MEETS_SHARE_TARGET) !== 0;
    const { tip } = job.jobTemplate;
    // Clients judge a share by its job's target or by the newest one, so a share that meets either is accepted. One
    // that misses its job's target earns nothing: withheld until the target eased, it would be paid twice.
    if (!meetsJobTarget && !solved && compareLittleEndian256(hash, channel.target.bytes) > 0) {
      // It was good once, where the target was easier then: it is known first of all.
      const known = channel.duplicates.has(hash, tip);
      return this.#reject(channel, sequenceNumber, known ? "duplicate-share" : "difficulty-too-low");
    }
    switch (channel.duplicates.add(hash, tip)) {
      case "duplicate":
        return this.#reject(channel, sequenceNumber, "duplicate-share");
      case "full":
        if (!channel.open) return;
        this.#logger.warn("more shares on one tip than can be told apart", { channel: channel.key });
        return this.#listener.onDuplicatesFull(channel);
      case "new":
        break;
    }
    const credit = meetsJobTarget ? job.difficulty : 0;
    channel.tally.accept(sequenceNumber, credit, hash);
    channel.vardiff?.onShare(credit);
    this.#counters.accepted();
    this.#listener.onAccepted(channel, { solvedBlock: solved });
  }

  #reject(channel: Channel, sequenceNumber: number, code: ShareErrorCode): void {
    channel.tally.reject(code);
    this.#counters.rejected(code);
    this.#listener.onRejected(channel, { sequenceNumber, code });
  }
}
