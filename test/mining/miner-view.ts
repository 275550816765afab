/**
 * One connection as a strict client sees it: keeps channels, jobs and tips by the frames alone, makes shares of them, and
 * throws where a frame breaks a rule that some client in the field depends on.
 */

import { sha256d } from "../../src/bitcoin/hash.ts";
import { type BlockHeader, serializeHeader } from "../../src/bitcoin/header.ts";
import { rootFromPath } from "../../src/bitcoin/merkle.ts";
import { VERSION_ROLLING_MASK } from "../../src/bitcoin/version-rolling.ts";
import { bytesEqual, concatBytes } from "../../src/core/bytes.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
} from "../../src/wire/channel-messages.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash, SetTarget } from "../../src/wire/job-messages.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { NO_WORKER } from "../../src/wire/worker-field.ts";
import { type ReceivedFrame, read } from "../session/session-fixture.ts";
import { must } from "../support/must.ts";
import { findNonce, type ShareWish } from "./nonce-search.ts";

type SeenJob = {
  readonly version: number;
  readonly minNtime: number | undefined;
  readonly channel: SeenChannel;
  /** The channel's prefix when the job came. */
  readonly prefix: Uint8Array;
} & (
  | { readonly kind: "standard"; readonly merkleRoot: Uint8Array }
  | { readonly kind: "extended"; readonly message: NewExtendedMiningJob }
);

type SeenChannel = {
  readonly channelId: number;
  groupId: number;
  prefix: Uint8Array;
  readonly kind: "standard" | "extended";
  /** Bytes that it rolls. */
  readonly rollable: number;
  target: Uint8Array;
  /** By job id, those of the present tip. */
  readonly jobs: Map<number, SeenJob>;
  /** Future jobs without their SetNewPrevHash, oldest first. */
  readonly pending: Map<number, SeenJob>;
  /** Job ids as widespread firmware keeps them: in eight places. */
  readonly places: Map<number, number>;
  current: number;
  tip: SetNewPrevHash | undefined;
};

const MAX_FRAME_BYTES = 8_191;
const FIRMWARE_PLACES = 8;

export class MinerView {
  readonly channels = new Map<number, SeenChannel>();
  readonly #ids = new Set<number>();
  readonly #groupIds = new Set<number>();
  readonly #requiresStandardJobs: boolean;
  #lastJobId = 0;

  constructor({ requiresStandardJobs = false }: { readonly requiresStandardJobs?: boolean } = {}) {
    this.#requiresStandardJobs = requiresStandardJobs;
  }

  see(frame: ReceivedFrame): void {
    const { msgType, channelMsg, length } = frame.header;
    must(length + 6 <= MAX_FRAME_BYTES, "frames stay below 8,192 bytes");
    must(channelMsg === (msgType >= 0x15 && msgType <= 0x24), "the channel_msg bit is that of the table");
    switch (msgType) {
      case OpenStandardMiningChannelSuccess.msgType:
        return this.#opened("standard", { ...read(frame, OpenStandardMiningChannelSuccess), extranonce_size: 0 });
      case OpenExtendedMiningChannelSuccess.msgType:
        return this.#opened("extended", read(frame, OpenExtendedMiningChannelSuccess));
      case NewMiningJob.msgType: {
        const { channel_id, job_id, version, min_ntime, merkle_root } = read(frame, NewMiningJob);
        const channel = this.channel(channel_id);
        must(channel.kind === "standard", "a standard job goes to a standard channel");
        const { prefix } = channel;
        const job: SeenJob = {
          kind: "standard",
          channel,
          prefix,
          version,
          minNtime: min_ntime,
          merkleRoot: merkle_root,
        };
        return this.#took(job_id, [job]);
      }
      case NewExtendedMiningJob.msgType: {
        const message = read(frame, NewExtendedMiningJob);
        must(message.version_rolling_allowed, "version rolling is allowed");
        must(message.merkle_path.length <= 20, "no more than 20 merkle branches");
        const { version, min_ntime: minNtime } = message;
        const channels = this.#addressed(message.channel_id);
        must(
          this.#groupIds.has(message.channel_id) || channels[0]?.kind === "extended",
          "an extended job goes to a group or an extended channel",
        );
        return this.#took(
          message.job_id,
          channels.map((channel) => ({
            kind: "extended",
            channel,
            prefix: channel.prefix,
            version,
            minNtime,
            message,
          })),
        );
      }
      case SetNewPrevHash.msgType:
        return this.#newTip(read(frame, SetNewPrevHash));
      case SetTarget.msgType: {
        const { channel_id, maximum_target } = read(frame, SetTarget);
        this.channel(channel_id).target = maximum_target;
        return;
      }
      case SetExtranoncePrefix.msgType: {
        const { channel_id, extranonce_prefix } = read(frame, SetExtranoncePrefix);
        const channel = this.channel(channel_id);
        must(extranonce_prefix.length === channel.prefix.length, "a new prefix has the length of the old one");
        channel.prefix = extranonce_prefix;
        return;
      }
      case SetGroupChannel.msgType: {
        const { group_channel_id, channel_ids } = read(frame, SetGroupChannel);
        must(!this.#ids.has(group_channel_id), "no group has a channel's id");
        this.#groupIds.add(group_channel_id);
        // SRI's proxy takes the list for the whole group.
        for (const channel of this.channels.values()) if (channel.groupId === group_channel_id) channel.groupId = 0;
        for (const id of channel_ids) this.channel(id).groupId = group_channel_id;
        return;
      }
      case CloseChannel.msgType:
        return this.#closed(read(frame, CloseChannel).channel_id);
    }
  }

  channel(channelId: number): SeenChannel {
    const channel = this.channels.get(channelId);
    must(channel !== undefined, `the channel ${channelId} is open`);
    return channel;
  }

  /** The client closed it. */
  closed(channelId: number): void {
    this.channels.delete(channelId);
  }

  #closed(id: number): void {
    for (const { channelId } of this.#addressed(id)) this.closed(channelId);
  }

  /** A share of the channel's newest job, or of another one, that meets what is wished. */
  share(channelId: number, wish: ShareWish = {}): ShareSubmission {
    const channel = this.channel(channelId);
    const { jobId = channel.current, sequenceNumber = 1 } = wish;
    const { job, tip } = this.#work(channel, jobId);
    const { version = job.version, ntime = job.minNtime ?? tip.min_ntime } = wish;
    const extranonce = wish.extranonce ?? new Uint8Array(channel.rollable).fill(0x5e);
    const fields = {
      channelId,
      sequenceNumber,
      jobId,
      nonce: 0,
      ntime,
      version,
      extranonce,
      tlvStart: 0,
      worker: NO_WORKER,
    };
    return { ...fields, nonce: findNonce(serializeHeader(this.header(fields)), wish) };
  }

  /** The header that the share stands for. */
  header(share: ShareSubmission): BlockHeader {
    const { job, tip } = this.#work(this.channel(share.channelId), share.jobId);
    return {
      version: share.version,
      prevHash: tip.prev_hash,
      merkleRoot: merkleRootOf(job, share.extranonce),
      time: share.ntime,
      bits: tip.nbits,
      nonce: share.nonce,
    };
  }

  #work(channel: SeenChannel, jobId: number): { readonly job: SeenJob; readonly tip: SetNewPrevHash } {
    const { tip } = channel;
    const job = channel.jobs.get(jobId);
    must(job !== undefined && tip !== undefined, `the channel has the job ${jobId}`);
    return { job, tip };
  }

  #opened(kind: SeenChannel["kind"], message: OpenExtendedMiningChannelSuccess): void {
    const { channel_id, group_channel_id, extranonce_prefix, extranonce_size, target } = message;
    must(!this.#ids.has(channel_id) && !this.#groupIds.has(channel_id), "channel ids are never used twice");
    must(!this.#ids.has(group_channel_id), "no group has a channel's id");
    for (const id of [channel_id, group_channel_id]) must(id > 0 && id < 0xffffffff, "ids are neither 0 nor all ones");
    must(
      target.some((byte) => byte !== 0),
      "no target is zero",
    );
    this.#ids.add(channel_id);
    this.#groupIds.add(group_channel_id);
    this.channels.set(channel_id, {
      channelId: channel_id,
      groupId: group_channel_id,
      prefix: extranonce_prefix,
      kind,
      rollable: extranonce_size,
      target,
      jobs: new Map(),
      pending: new Map(),
      places: new Map(),
      current: 0,
      tip: undefined,
    });
  }

  /** @param atLeast members that a group of that id needs. */
  #addressed(id: number, atLeast = 2): SeenChannel[] {
    if (!this.#groupIds.has(id)) return [this.channel(id)];
    const members = [...this.channels.values()].filter(({ groupId }) => groupId === id);
    must(members.length >= atLeast, "a group is addressed from two members on");
    const sizes = new Set(members.map(({ prefix, rollable }) => prefix.length + rollable));
    must(sizes.size === 1, "the members of a group have one extranonce size");
    return members;
  }

  #took(jobId: number, jobs: readonly SeenJob[]): void {
    if (jobId <= this.#lastJobId) this.#checkShared(jobId, jobs);
    else this.#lastJobId = jobId;
    for (const job of jobs) {
      const { channel, minNtime } = job;
      must((job.version & VERSION_ROLLING_MASK) === 0, "job versions have the rollable bits clear");
      channel.places.set(jobId % FIRMWARE_PLACES, jobId);
      if (minNtime === undefined) {
        channel.pending.set(jobId, job);
        must(channel.pending.size <= (channel.tip === undefined ? 1 : 2), "one future job is pending at most");
        continue;
      }
      must(channel.tip !== undefined, "the first job of a channel is a future job, and its prev_hash follows at once");
      must(channel.pending.size <= 1, "a future job that is not the only one is followed by its prev_hash at once");
      const newest = channel.jobs.get(channel.current)?.minNtime ?? channel.tip.min_ntime;
      must(minNtime >= newest, "min_ntime does not decrease within a tip");
      channel.jobs.set(jobId, job);
      channel.current = jobId;
    }
  }

  /** Job ids rise over the connection, but for a future job that a group has and that a new member is sent. */
  #checkShared(jobId: number, jobs: readonly SeenJob[]): void {
    const [job] = jobs;
    must(jobs.length === 1 && job !== undefined && job.minNtime === undefined, "job ids rise over the connection");
    const { groupId } = job.channel;
    // A client of standard jobs is not told which channel is in which group.
    const others = [...this.channels.values()].filter((one) => this.#requiresStandardJobs || one.groupId === groupId);
    const announced = others.flatMap((other) => other.pending.get(jobId) ?? []);
    must(announced.length > 0 && !job.channel.pending.has(jobId), "a job id that comes again is one of the group's");
    for (const known of announced) {
      must(known.version === job.version, "a job id names one job");
      if (known.kind === "standard" || job.kind === "standard") continue;
      const [one, other] = [known.message, job.message];
      must(
        bytesEqual(one.coinbase_tx_prefix, other.coinbase_tx_prefix) &&
          bytesEqual(one.coinbase_tx_suffix, other.coinbase_tx_suffix),
        "a job id names one job",
      );
    }
  }

  #newTip(message: SetNewPrevHash): void {
    for (const channel of this.#addressed(message.channel_id, 1)) {
      const { job_id: jobId } = message;
      const job = channel.pending.get(jobId);
      must(job !== undefined, "SetNewPrevHash names a future job that the channel was sent");
      must([...channel.pending.keys()].at(-1) === jobId, "SetNewPrevHash names the last future job");
      must(channel.places.get(jobId % FIRMWARE_PLACES) === jobId, "no job took the place of the one that starts");
      channel.jobs.clear();
      channel.pending.clear();
      channel.jobs.set(jobId, job);
      channel.current = jobId;
      channel.tip = message;
    }
  }
}

function merkleRootOf(job: SeenJob, extranonce: Uint8Array): Uint8Array {
  if (job.kind === "standard") return job.merkleRoot;
  const { coinbase_tx_prefix, coinbase_tx_suffix, merkle_path } = job.message;
  const coinbase = concatBytes(coinbase_tx_prefix, job.prefix, extranonce, coinbase_tx_suffix);
  return rootFromPath(sha256d(coinbase), merkle_path);
}
