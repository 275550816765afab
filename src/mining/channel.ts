/**
 * One standard or extended channel: its identity, extranonce, target, the jobs it was given, and what it earned since
 * the last acknowledgement. Which frames tell the client of all this is its connection's part. SV2 §5.2.
 */

import type { AheadJob, ChannelJob } from "./channel-job.ts";
import { DuplicateTable } from "./duplicate-table.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { Group } from "./group.ts";
import type { JobTemplate } from "./job-template.ts";
import { ShareTally } from "./share-tally.ts";
import type { ShareTarget } from "./share-target.ts";
import type { Vardiff } from "./vardiff.ts";

/** Jobs of a channel that are still known; older ones are answered with `invalid-job-id`. */
export const KEPT_JOBS = 16;

export type ChannelKind = "standard" | "extended";

export type ChannelOptions = {
  readonly channelId: number;
  readonly kind: ChannelKind;
  /** Where frames for it go. */
  readonly sink: FrameSink;
  /** Unique over the life of the process; names the channel in the log and in the spool. */
  readonly key: string;
  readonly userIdentity: string;
  readonly extranoncePrefix: Uint8Array;
  /** Bytes that the client rolls; 0 for a standard channel. */
  readonly rollableBytes: number;
  readonly group: Group<Channel>;
  readonly nominalHashrate: number;
  /** The easiest target that the client can work with. */
  readonly maxTarget: bigint;
  readonly target: ShareTarget;
  /** At which it finds the wanted number of shares per minute, as far as that is known without difficulty control. */
  readonly suitedDifficulty: number;
  readonly vardiff: Vardiff | undefined;
};

export class Channel {
  readonly channelId: number;
  readonly kind: ChannelKind;
  readonly sink: FrameSink;
  readonly key: string;
  readonly userIdentity: string;
  readonly rollableBytes: number;
  readonly duplicates: DuplicateTable = new DuplicateTable();
  readonly tally: ShareTally;
  /** For jobs that are sent from now on. */
  extranoncePrefix: Uint8Array;
  group: Group<Channel>;
  nominalHashrate: number;
  maxTarget: bigint;
  /** For jobs that become active from now on. */
  target: ShareTarget;
  /** Stands for the estimate of difficulty control where there is none. */
  suitedDifficulty: number;
  /** Undefined where the difficulty is not steered. */
  vardiff: Vardiff | undefined;
  /** False from the moment it is closed: verdicts that come later find nobody to tell. */
  open = true;
  /** What it was announced for the next tip; every member of a group has it, or none. */
  ahead: AheadJob | undefined;
  /** Newest last. */
  readonly #jobs: ChannelJob[] = [];

  constructor(options: ChannelOptions) {
    this.channelId = options.channelId;
    this.kind = options.kind;
    this.sink = options.sink;
    this.key = options.key;
    this.userIdentity = options.userIdentity;
    this.tally = new ShareTally(options.userIdentity);
    this.extranoncePrefix = options.extranoncePrefix;
    this.rollableBytes = options.rollableBytes;
    this.group = options.group;
    this.nominalHashrate = options.nominalHashrate;
    this.maxTarget = options.maxTarget;
    this.target = options.target;
    this.suitedDifficulty = options.suitedDifficulty;
    this.vardiff = options.vardiff;
  }

  /** Bytes between the coinbase halves of this channel's jobs. */
  get extranonceBytes(): number {
    return this.extranoncePrefix.length + this.rollableBytes;
  }

  get groupChannelId(): number {
    return this.group.groupChannelId;
  }

  /** Jobs that are known, newest last. */
  get jobs(): readonly ChannelJob[] {
    return this.#jobs;
  }

  /** The job of that id, or undefined where it never was or is forgotten. */
  findJob(jobId: number): ChannelJob | undefined {
    const jobs = this.#jobs;
    for (let index = jobs.length - 1; index >= 0; index -= 1) {
      const job = jobs[index];
      if (job?.jobId === jobId) return job;
    }
    return undefined;
  }

  /**
   * Adds an active job, with the present target bound to it.
   * @returns the job that was forgotten for it, whose slot in the validator is to be released.
   */
  addJob(options: {
    readonly jobId: number;
    readonly jobTemplate: JobTemplate;
    readonly merkleRoot: Uint8Array | undefined;
    readonly extranoncePrefix: Uint8Array;
  }): ChannelJob | undefined {
    this.#jobs.push({
      jobId: options.jobId,
      jobTemplate: options.jobTemplate,
      target: this.target.bytes,
      difficulty: this.target.difficulty,
      extranoncePrefix: options.extranoncePrefix,
      merkleRoot: options.merkleRoot,
      standardHandle: undefined,
    });
    return this.#jobs.length > KEPT_JOBS ? this.#jobs.shift() : undefined;
  }
}
