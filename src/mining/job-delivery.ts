/**
 * Sends jobs to the channels of one connection and remembers them there: the first job of a channel, the refreshed
 * job, and the future job with its SetNewPrevHash for a new tip. Whatever the address, the bytes sent are the ones that
 * shares are later judged by. SV2 §5.1, §5.3.15 to §5.3.17.
 */

import type { JobHandle, ShareValidator } from "../sharecore/types.ts";
import type { Channel } from "./channel.ts";
import type { ChannelJob } from "./channel-job.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { Group } from "./group.ts";
import { IdSequence } from "./id-sequence.ts";
import { extendedJobFrame, newPrevHashFrame, standardJobFrame } from "./job-frames.ts";
import type { JobTemplate } from "./job-template.ts";

/** Merkle roots of standard channels for one job template, as far as they were computed in a batch. */
export type MerkleRoots = ReadonlyMap<Channel, Uint8Array>;

export type JobWork = {
  readonly jobTemplate: JobTemplate;
  /** True where clients have to learn a new prev_hash with the job. */
  readonly newTip: boolean;
  readonly roots: MerkleRoots;
};

export class JobDelivery {
  readonly #sink: FrameSink;
  readonly #validator: ShareValidator;
  readonly #releaseJob: (handle: JobHandle) => void;
  readonly #requiresStandardJobs: boolean;
  readonly #jobIds = new IdSequence();

  constructor(options: {
    readonly sink: FrameSink;
    readonly validator: ShareValidator;
    readonly releaseJob: (handle: JobHandle) => void;
    readonly requiresStandardJobs: boolean;
  }) {
    this.#sink = options.sink;
    this.#validator = options.validator;
    this.#releaseJob = options.releaseJob;
    this.#requiresStandardJobs = options.requiresStandardJobs;
  }

  /**
   * Gives a job to every member of a group: one frame for all of them from two members on, the channel's own address
   * for a single one (some firmware drops what is addressed to a group), each channel's own job where the connection
   * takes standard jobs only.
   */
  toGroup(group: Group, work: JobWork): void {
    if (this.#requiresStandardJobs || group.members.size < 2) {
      for (const channel of group.members) this.toChannel(channel, work);
      return;
    }
    const { jobTemplate, newTip } = work;
    const jobId = this.#jobIds.next();
    const address = { channelId: group.groupChannelId, jobId, future: newTip };
    for (const channel of group.members) this.#remember(channel, jobId, work);
    this.#sink.send(extendedJobFrame(jobTemplate, address));
    if (newTip) this.#sink.send(newPrevHashFrame(jobTemplate, address));
  }

  /** Gives a job to one channel under its own id. */
  toChannel(channel: Channel, work: JobWork): void {
    const { jobTemplate, newTip } = work;
    const jobId = this.#jobIds.next();
    const address = { channelId: channel.channelId, jobId, future: newTip };
    const merkleRoot = this.#remember(channel, jobId, work);
    this.#sink.send(
      merkleRoot === undefined
        ? extendedJobFrame(jobTemplate, address)
        : standardJobFrame(jobTemplate, merkleRoot, address),
    );
    if (newTip) this.#sink.send(newPrevHashFrame(jobTemplate, address));
  }

  /** Gives the validator's slots of all the channel's jobs back. */
  releaseJobs(channel: Channel): void {
    for (const job of channel.jobs) this.#release(job);
  }

  #remember(channel: Channel, jobId: number, work: JobWork): Uint8Array | undefined {
    const { jobTemplate } = work;
    let merkleRoot: Uint8Array | undefined;
    if (channel.kind === "standard") {
      const prefix = channel.extranoncePrefix;
      merkleRoot = work.roots.get(channel) ?? this.#validator.merkleRoots(jobTemplate.handle, prefix, prefix.length);
    }
    const forgotten = channel.addJob({ jobId, jobTemplate, merkleRoot });
    if (forgotten !== undefined) this.#release(forgotten);
    return merkleRoot;
  }

  #release(job: ChannelJob): void {
    if (job.standardHandle !== undefined) this.#releaseJob(job.standardHandle);
  }
}
