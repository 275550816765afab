/**
 * Sends jobs to the channels of one connection and remembers them there: the first job of a channel, the refreshed job,
 * the future job with its SetNewPrevHash for a new tip, and the one that is announced ahead of it. Whatever the address,
 * the bytes sent are the ones that shares are later judged by. SV2 §5.1, §5.3.15 to §5.3.17.
 */

import type { Channel } from "./channel.ts";
import type { AheadJob } from "./channel-job.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { AnnouncedJob, Group } from "./group.ts";
import { IdSequence } from "./id-sequence.ts";
import { extendedJobFrame, type JobAddress, newPrevHashFrame, standardJobFrame } from "./job-frames.ts";
import type { JobSlots } from "./job-slots.ts";
import type { JobTemplate } from "./job-template.ts";
import type { JobWork, RootedTemplate } from "./job-work.ts";
import { MerkleRoots } from "./merkle-roots.ts";

/**
 * Widespread firmware keeps its jobs in so many places, by the rest of job_id: no job may take the place of the one that
 * was announced ahead.
 */
const FIRMWARE_JOB_PLACES = 8;

export class JobDelivery {
  readonly #sink: FrameSink;
  readonly #slots: JobSlots;
  readonly #started: (ahead: JobTemplate) => JobTemplate | undefined;
  readonly #requiresStandardJobs: boolean;
  readonly #jobIds = new IdSequence();

  constructor(options: {
    readonly sink: FrameSink;
    readonly slots: JobSlots;
    /** What became on the present tip of a job template that was announced ahead; undefined where it waited for another. */
    readonly started: (ahead: JobTemplate) => JobTemplate | undefined;
    readonly requiresStandardJobs: boolean;
  }) {
    this.#sink = options.sink;
    this.#slots = options.slots;
    this.#started = options.started;
    this.#requiresStandardJobs = options.requiresStandardJobs;
  }

  /**
   * Gives a job to every member of a group. On a new tip that was waited for, SetNewPrevHash goes out first and names the
   * job that was announced ahead; what follows is the job with transactions. Members that were each announced it under
   * their own id are told of the tip in one frame for all of them instead, with a job of their group.
   */
  toGroup(group: Group<Channel>, work: JobWork): void {
    if (group.members.size === 0) return;
    const { newTip, jobTemplate } = work;
    const announced = newTip && !this.#isScattered(group) ? announcedTo(group) : undefined;
    const started = announced === undefined ? undefined : this.#started(announced.jobTemplate);
    if (started === undefined) this.#send(group, work);
    else {
      this.#start(group, started);
      if (started !== jobTemplate) this.#send(group, { ...work, newTip: false });
    }
    // A new prev_hash ends all future jobs that came before it.
    if (newTip) setAhead(group, undefined);
    if (group.ahead === undefined) this.#announceAhead(group, work.ahead);
  }

  /** Gives a new channel its first job, and what its group was announced ahead. */
  toNewChannel(channel: Channel, work: JobWork): void {
    this.toChannel(channel, work);
    const { group } = channel;
    const announced = announcedTo(group);
    if (announced === undefined) {
      if (group.members.size === 1) this.#announceAhead(group, work.ahead);
      return;
    }
    const { jobId, jobTemplate } = announced;
    this.#sendAhead(channel, { jobId, jobTemplate, roots: new MerkleRoots(jobTemplate, [], this.#slots) });
  }

  /** Gives a job to one channel under its own id. */
  toChannel(channel: Channel, work: JobWork): void {
    const { jobTemplate, newTip } = work;
    const jobId = this.#nextJobId(channel.group);
    const address = { channelId: channel.channelId, jobId, future: newTip };
    this.#sink.send(jobFrame(jobTemplate, this.#remember(channel, jobId, work), address));
    if (newTip) this.#sink.send(newPrevHashFrame(jobTemplate, address));
  }

  /** Gives the validator's slots of all the channel's jobs back. */
  releaseJobs(channel: Channel): void {
    for (const job of channel.jobs) this.#slots.forget(job);
  }

  /**
   * One frame for all members from two on, the channel's own address for a single one (some firmware drops what is
   * addressed to a group), each channel's own job where the connection takes standard jobs only.
   */
  #send(group: Group<Channel>, work: JobWork): void {
    if (!this.#addressesGroup(group)) {
      for (const channel of group.members) this.toChannel(channel, work);
      return;
    }
    const { jobTemplate, newTip } = work;
    const jobId = this.#nextJobId(group);
    const address = { channelId: group.groupChannelId, jobId, future: newTip };
    for (const channel of group.members) this.#remember(channel, jobId, work);
    this.#sink.send(extendedJobFrame(jobTemplate, address));
    if (newTip) this.#sink.send(newPrevHashFrame(jobTemplate, address));
  }

  #addressesGroup(group: Group<Channel>): boolean {
    return !this.#requiresStandardJobs && group.members.size > 1;
  }

  /** No frame to the group's address could name what its members wait with. */
  #isScattered(group: Group<Channel>): boolean {
    if (!this.#addressesGroup(group)) return false;
    for (const { ahead } of group.members) if (ahead?.byGroup) return false;
    return true;
  }

  /** SetNewPrevHash for the job that the members were announced, to the address that the job had. */
  #start(group: Group<Channel>, started: JobTemplate): void {
    let byGroup: number | undefined;
    for (const channel of group.members) {
      const { ahead } = channel;
      if (ahead === undefined) throw new Error("a member of a group was not announced the group's job");
      const { jobId, merkleRoot, extranoncePrefix } = ahead;
      this.#slots.retain(started);
      this.#forgetOldest(channel, { jobId, jobTemplate: started, merkleRoot, extranoncePrefix });
      if (ahead.byGroup) byGroup = jobId;
    }
    if (byGroup !== undefined) {
      this.#sink.send(newPrevHashFrame(started, { channelId: group.groupChannelId, jobId: byGroup, future: true }));
      return;
    }
    for (const { channelId, ahead } of group.members) {
      if (ahead !== undefined)
        this.#sink.send(newPrevHashFrame(started, { channelId, jobId: ahead.jobId, future: true }));
    }
  }

  #announceAhead(group: Group<Channel>, rooted: RootedTemplate | undefined): void {
    if (rooted === undefined) return;
    const { jobTemplate, roots } = rooted;
    const jobId = this.#jobIds.next();
    group.ahead = { jobId, jobTemplate };
    if (!this.#addressesGroup(group)) {
      for (const channel of group.members) this.#sendAhead(channel, { jobId, jobTemplate, roots });
      return;
    }
    for (const channel of group.members) rememberAhead(channel, { jobId, roots, byGroup: true });
    this.#sink.send(extendedJobFrame(jobTemplate, { channelId: group.groupChannelId, jobId, future: true }));
  }

  #sendAhead(channel: Channel, { jobId, jobTemplate, roots }: RootedTemplate & { readonly jobId: number }): void {
    const { merkleRoot } = rememberAhead(channel, { jobId, roots, byGroup: false });
    this.#sink.send(jobFrame(jobTemplate, merkleRoot, { channelId: channel.channelId, jobId, future: true }));
  }

  #nextJobId(group: Group<Channel>): number {
    const jobId = this.#jobIds.next();
    const announced = announcedTo(group);
    const collides = announced !== undefined && (jobId - announced.jobId) % FIRMWARE_JOB_PLACES === 0;
    return collides ? this.#jobIds.next() : jobId;
  }

  #remember(channel: Channel, jobId: number, { jobTemplate, roots }: RootedTemplate): Uint8Array | undefined {
    const merkleRoot = roots.of(channel);
    this.#slots.retain(jobTemplate);
    this.#forgetOldest(channel, { jobId, jobTemplate, merkleRoot, extranoncePrefix: channel.extranoncePrefix });
    return merkleRoot;
  }

  #forgetOldest(channel: Channel, job: Parameters<Channel["addJob"]>[0]): void {
    const forgotten = channel.addJob(job);
    if (forgotten !== undefined) this.#slots.forget(forgotten);
  }
}

/** @returns what the channel now waits with. */
function rememberAhead(
  channel: Channel,
  { jobId, roots, byGroup }: { readonly jobId: number; readonly roots: MerkleRoots; readonly byGroup: boolean },
): AheadJob {
  const { extranoncePrefix } = channel;
  channel.ahead = { jobId, merkleRoot: roots.of(channel), extranoncePrefix, byGroup };
  return channel.ahead;
}

/** The job of one channel: over its merkle root where it is a standard one. */
function jobFrame(jobTemplate: JobTemplate, merkleRoot: Uint8Array | undefined, address: JobAddress): Uint8Array {
  return merkleRoot === undefined
    ? extendedJobFrame(jobTemplate, address)
    : standardJobFrame(jobTemplate, merkleRoot, address);
}

function announcedTo({ ahead }: Group<Channel>): AnnouncedJob | undefined {
  return ahead === "withdrawn" ? undefined : ahead;
}

/** What the group was announced will not start, and nothing else is announced before the next tip. */
export function withdrawAhead(group: Group<Channel>): void {
  setAhead(group, "withdrawn");
}

function setAhead(group: Group<Channel>, ahead: "withdrawn" | undefined): void {
  group.ahead = ahead;
  for (const channel of group.members) channel.ahead = undefined;
}
