/**
 * The way of a share from its frame to its verdict. Shares of one turn of the event loop are gathered into a run, the
 * run is validated at the turn's end, and its shares are settled once their hashes are known. What a verdict then is
 * the part of `ShareSettlement`.
 */

import type { Moment } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { JobHandle, ShareValidator, VerdictBatch } from "../sharecore/types.ts";
import type { ShareSubmission } from "../wire/share-fields.ts";
import { MAX_WORKER_NAME_BYTES } from "../wire/worker-field.ts";
import type { Channel } from "./channel.ts";
import { JobSlots, type JobSlotsOptions } from "./job-slots.ts";
import { checkShare } from "./share-check.ts";
import type { ShareCounters } from "./share-counters.ts";
import { ShareRun } from "./share-run.ts";
import { ShareSettlement, type ShareVerdictListener } from "./share-settlement.ts";

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

export interface ShareOutcomeListener extends ShareVerdictListener {
  /** The first share since the last flush came in: flush at the end of this turn. */
  onGathered(): void;
  /** Whose reading has to pause from now on. */
  onBackpressure(level: Backpressure): void;
}

export type SharePipelineOptions = {
  readonly validator: ShareValidator;
  readonly listener: ShareOutcomeListener;
} & Pick<JobSlotsOptions, "maxStandardJobs" | "maxRegisteredTemplates">;

export class SharePipeline {
  readonly #validator: ShareValidator;
  readonly #listener: ShareOutcomeListener;
  /** The jobs that shares can be validated of. */
  readonly slots: JobSlots;
  readonly #settlement: ShareSettlement;
  /** Empty runs, to be used again; a few. */
  readonly #idle: ShareRun[] = [];
  /** Full or flushed runs that the validator had no room for, oldest first. */
  readonly #waiting: ShareRun[] = [];
  /** Jobs whose slots go back once no run waits. */
  readonly #releaseLater: JobHandle[] = [];
  #filling: ShareRun;
  #underWay = 0;
  #backpressure: Backpressure = "none";
  #whenIdle: (() => void)[] = [];

  constructor(options: SharePipelineOptions, context: { readonly logger: Logger; readonly counters: ShareCounters }) {
    this.#validator = options.validator;
    this.#listener = options.listener;
    this.slots = new JobSlots({ ...options, release: (handle) => this.releaseJob(handle) });
    this.#settlement = new ShareSettlement(options.listener, context);
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
    const wrongName = submission.worker.length > MAX_WORKER_NAME_BYTES ? "invalid-user-identity" : undefined;
    const job = channel.findJob(submission.jobId);
    if (job === undefined) {
      this.#filling.addUnhashed(channel, submission, wrongName ?? "invalid-job-id");
      return true;
    }
    const { now, tipEpoch } = present;
    const early = wrongName ?? checkShare(channel, job, { submission, nowMs: now.wallMs, tipEpoch });
    if (submission.extranonce.length !== channel.rollableBytes) {
      this.#filling.addUnhashed(channel, submission, early ?? "bad-extranonce-size");
      return true;
    }
    this.slots.prepare(job);
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

  /** Resolves when every share taken so far is settled. */
  settled(): Promise<void> {
    this.flush();
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
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
    this.#settlement.settle(run, verdicts);
    run.forget();
    // Not before all is read: a listener may have flushed, and until the callback returns the batch is the validator's.
    if (this.#idle.length < MAX_IDLE_RUNS) this.#idle.push(run);
    this.#underWay -= 1;
    if (!this.busy) {
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }
}
