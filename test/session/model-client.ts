/**
 * One connection in the model, as its client sees it: takes every frame that the pool sends, and throws where one breaks a
 * promise. Written from the protocol alone, so that it says nothing of how the pool comes to send what it sends.
 */

import type { OpenErrorCode } from "../../src/mining/error-codes.ts";
import * as channels from "../../src/wire/channel-messages.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { EXTENSIONS_NEGOTIATION } from "../../src/wire/extension-messages.ts";
import * as jobs from "../../src/wire/job-messages.ts";
import { SubmitSharesError, SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { must } from "../support/must.ts";
import { ModelChannel } from "./model-channel.ts";
import { ModelExtensions } from "./model-extensions.ts";
import { ModelJobs } from "./model-jobs.ts";
import { integerOf, type SentJob } from "./model-work.ts";
import { type ReceivedFrame, read } from "./session-fixture.ts";

export type OpenWish = {
  readonly requestId: number;
  readonly kind: "standard" | "extended";
  readonly userIdentity: string;
  readonly maxTarget: bigint;
  readonly minExtranonceSize: number;
  /** The code that it has to be refused with, whatever the state of the pool. */
  readonly refusal: OpenErrorCode | undefined;
  readonly sinceMs: number;
  /** Says whether a channel may have that target; throws where not. */
  readonly expectTarget: (target: bigint) => void;
};

export class ModelClient {
  readonly channels = new Map<number, ModelChannel>();
  /** Requests without an answer, by request id. */
  readonly opens = new Map<number, OpenWish>();
  /** Error frames that have to come, of requests that are refused at once: `name key code`. */
  readonly refusals: string[] = [];
  /** UpdateChannel was accepted: the SetTarget that has to come, by channel. */
  readonly updates = new Map<number, (target: bigint) => void>();
  readonly extensions = new ModelExtensions();
  /** 0 where there is none. */
  lastGroupId = 0;
  lastClosedId = 0;
  openAnswered = false;
  everOpened = false;
  readonly #maxChannels: number;
  readonly #jobs: ModelJobs;
  readonly #requiresStandardJobs: boolean;
  readonly #payeeOf: (userIdentity: string) => string | undefined;
  readonly #claimPrefix: (prefix: Uint8Array) => void;
  readonly #count: (what: string) => void;
  readonly #channelIds = new Set<number>();
  readonly #groupIds = new Set<number>();
  #setUp = false;

  constructor(options: {
    readonly maxChannels: number;
    readonly requiresStandardJobs: boolean;
    /** Told of each extranonce prefix; throws where another channel of the pool has it. */
    readonly claimPrefix: (prefix: Uint8Array) => void;
    /** Told of what a run of the model should come to. */
    readonly count: (what: string) => void;
    /** Whom a block of that identity pays now, if anybody. */
    readonly payeeOf: (userIdentity: string) => string | undefined;
  }) {
    this.#requiresStandardJobs = options.requiresStandardJobs;
    this.#payeeOf = options.payeeOf;
    this.#maxChannels = options.maxChannels;
    this.#claimPrefix = options.claimPrefix;
    this.#count = options.count;
    this.#jobs = new ModelJobs(this, options);
  }

  /** @param nowMs the pool's monotonic clock. */
  see(frame: ReceivedFrame, nowMs: number): void {
    const { msgType, channelMsg, length } = frame.header;
    must(length + 6 <= 8_191, "frames stay below 8,192 bytes");
    must(channelMsg === (msgType >= 0x15 && msgType <= 0x24), "the channel_msg bit is that of the table");
    must(this.#setUp || msgType === SetupConnectionSuccess.msgType, "the setup is answered first");
    if (frame.header.extensionType === EXTENSIONS_NEGOTIATION) return this.extensions.see(frame);
    const answersOpen = msgType >= 0x11 && msgType <= 0x14;
    must(!this.#setUp || this.openAnswered || answersOpen, "nothing is sent before the first Open is answered");
    switch (msgType) {
      case SetupConnectionSuccess.msgType:
        must(!this.#setUp, "the setup is answered once");
        this.#setUp = true;
        return;
      case channels.OpenStandardMiningChannelSuccess.msgType:
        return this.#opened("standard", {
          ...read(frame, channels.OpenStandardMiningChannelSuccess),
          extranonce_size: 0,
        });
      case channels.OpenExtendedMiningChannelSuccess.msgType:
        return this.#opened("extended", read(frame, channels.OpenExtendedMiningChannelSuccess));
      case channels.OpenMiningChannelError.msgType:
        return this.#openRefused(read(frame, channels.OpenMiningChannelError), nowMs);
      case jobs.NewMiningJob.msgType: {
        const { channel_id, job_id, version, min_ntime, merkle_root } = read(frame, jobs.NewMiningJob);
        const job: SentJob = { kind: "standard", jobId: job_id, version, minNtime: min_ntime, merkleRoot: merkle_root };
        return this.#jobs.announced(channel_id, job);
      }
      case jobs.NewExtendedMiningJob.msgType: {
        const message = read(frame, jobs.NewExtendedMiningJob);
        must(message.version_rolling_allowed, "version rolling is allowed");
        return this.#jobs.announced(message.channel_id, {
          kind: "extended",
          jobId: message.job_id,
          version: message.version,
          minNtime: message.min_ntime,
          prefix: message.coinbase_tx_prefix,
          suffix: message.coinbase_tx_suffix,
          path: [...message.merkle_path],
        });
      }
      case jobs.SetNewPrevHash.msgType:
        return this.#jobs.newTip(read(frame, jobs.SetNewPrevHash));
      case jobs.SetTarget.msgType: {
        const { channel_id, maximum_target } = read(frame, jobs.SetTarget);
        return this.#newTarget(this.channel(channel_id), integerOf(maximum_target));
      }
      case channels.SetExtranoncePrefix.msgType: {
        const { channel_id, extranonce_prefix } = read(frame, channels.SetExtranoncePrefix);
        const channel = this.channel(channel_id);
        must(extranonce_prefix.length === channel.prefix.length, "a new prefix is as long as the old one");
        this.#claimPrefix(extranonce_prefix);
        this.#count("new prefix");
        channel.prefix = extranonce_prefix;
        return;
      }
      case channels.SetGroupChannel.msgType:
        return this.#regrouped(read(frame, channels.SetGroupChannel));
      case channels.CloseChannel.msgType: {
        const { channel_id, reason_code } = read(frame, channels.CloseChannel);
        const closed = this.isGroup(channel_id) ? this.membersOf(channel_id) : [this.channel(channel_id)];
        const unpaid = closed.every(({ userIdentity }) => this.#payeeOf(userIdentity) === undefined);
        const small = closed.length < 2 || this.#requiresStandardJobs;
        must(!this.isGroup(channel_id) || !small, "a group is addressed from two members on, where it is known");
        must(reason_code === "unknown-user" && unpaid, "no channel is closed in vain");
        this.#count("channel closed");
        return this.close(channel_id);
      }
      case SubmitSharesSuccess.msgType:
        return this.channel(read(frame, SubmitSharesSuccess).channel_id).acknowledged(read(frame, SubmitSharesSuccess));
      case SubmitSharesError.msgType: {
        const { channel_id, sequence_number, error_code } = read(frame, SubmitSharesError);
        const channel = this.channels.get(channel_id);
        if (channel === undefined) return this.#refused(`share ${channel_id} ${sequence_number} ${error_code}`);
        return channel.rejected(sequence_number, error_code);
      }
      case channels.UpdateChannelError.msgType: {
        const { channel_id, error_code } = read(frame, channels.UpdateChannelError);
        return this.#refused(`update ${channel_id} ${error_code}`);
      }
      case jobs.SetCustomMiningJobError.msgType: {
        const { request_id, error_code } = read(frame, jobs.SetCustomMiningJobError);
        return this.#refused(`custom ${request_id} ${error_code}`);
      }
      default:
        must(false, `a message 0x${msgType.toString(16)} has no reason`);
    }
  }

  channel(channelId: number): ModelChannel {
    const channel = this.channels.get(channelId);
    must(channel !== undefined, `the channel ${channelId} is open`);
    return channel;
  }

  isGroup(id: number): boolean {
    return this.#groupIds.has(id);
  }

  payeeOf({ userIdentity }: ModelChannel): string {
    const payee = this.#payeeOf(userIdentity);
    must(payee !== undefined, `somebody is paid for ${userIdentity}`);
    return payee;
  }

  membersOf(groupId: number): ModelChannel[] {
    return [...this.channels.values()].filter((channel) => channel.groupId === groupId);
  }

  /** The client has closed a channel, or all of a group. */
  close(id: number): void {
    const one = this.channels.get(id);
    for (const channel of one === undefined ? this.membersOf(id) : [one]) {
      channel.open = false;
      channel.due.length = 0;
      channel.unacknowledged.length = 0;
      this.channels.delete(channel.channelId);
      this.updates.delete(channel.channelId);
      this.lastClosedId = channel.channelId;
    }
  }

  /** The connection is gone, and with it all that it waited for. */
  closeAll(): void {
    for (const channelId of [...this.channels.keys()]) this.close(channelId);
    this.opens.clear();
    this.refusals.length = 0;
  }

  /** Nothing that was due at once is missing. */
  expectAtRest(): void {
    must(this.refusals.length === 0, `these errors are missing: ${this.refusals.join(", ")}`);
    this.extensions.expectAtRest();
    must(this.updates.size === 0, "each accepted UpdateChannel is answered by SetTarget");
    for (const channel of this.channels.values()) {
      must(channel.due.length === 0, `errors of shares are missing: ${JSON.stringify(channel.due)}`);
      must(channel.jobs.length > 0, "a channel has a job from its opening on");
      must(channel.pending.length <= 1, "one future job at most is pending");
      this.#expectOneKind(channel);
    }
  }

  #refused(error: string): void {
    const at = this.refusals.indexOf(error);
    must(at >= 0, `nothing is answered with ${error}`);
    this.refusals.splice(at, 1);
  }

  #opened(kind: ModelChannel["kind"], message: channels.OpenExtendedMiningChannelSuccess): void {
    const { request_id, channel_id, group_channel_id, extranonce_prefix, extranonce_size } = message;
    const wish = this.opens.get(request_id);
    must(wish !== undefined, `the request ${request_id} waits for an answer`);
    this.opens.delete(request_id);
    must(wish.kind === kind && wish.refusal === undefined, `the request ${request_id} can be granted`);
    must(this.channels.size < this.#maxChannels, "no more channels are opened than a connection may have");
    for (const id of [channel_id, group_channel_id]) must(id > 0 && id < 0xffffffff, "ids are neither 0 nor all ones");
    must(!this.#channelIds.has(channel_id) && !this.#groupIds.has(channel_id), "channel ids are never used twice");
    must(!this.#channelIds.has(group_channel_id) && group_channel_id !== channel_id, "no group has a channel's id");
    must(
      kind === "standard" || extranonce_size >= Math.max(2, wish.minExtranonceSize),
      "a client rolls what it asked for",
    );
    must(extranonce_prefix.length + extranonce_size <= 32, "an extranonce has 32 bytes at most");
    this.#claimPrefix(extranonce_prefix);
    const target = integerOf(message.target);
    wish.expectTarget(target);
    this.openAnswered = true;
    this.everOpened = true;
    this.#channelIds.add(channel_id);
    this.#groupIds.add(group_channel_id);
    this.lastGroupId = group_channel_id;
    const { userIdentity, maxTarget } = wish;
    const own = { channelId: channel_id, groupId: group_channel_id, kind, userIdentity, target, maxTarget };
    const channel = new ModelChannel({ ...own, prefix: extranonce_prefix, rollable: extranonce_size });
    this.payeeOf(channel);
    this.channels.set(channel_id, channel);
    this.#expectOneKind(channel);
  }

  #regrouped({ group_channel_id, channel_ids }: channels.SetGroupChannel): void {
    must(!this.#requiresStandardJobs, "a client of standard jobs hears nothing of groups");
    must(!this.#channelIds.has(group_channel_id), "no group has a channel's id");
    this.#groupIds.add(group_channel_id);
    for (const channelId of channel_ids) this.channel(channelId).groupId = group_channel_id;
    const members = this.membersOf(group_channel_id).map(({ channelId }) => channelId);
    must(
      String(members.sort()) === String([...channel_ids].sort()),
      "all members are named: some take the list for them",
    );
    this.#count("regrouped");
  }

  /** A group has one set of jobs. A client of standard jobs does not hear who is in it. */
  #expectOneKind(channel: ModelChannel): void {
    if (this.#requiresStandardJobs) return;
    const kind = (one: ModelChannel): string => `${one.prefix.length + one.rollable} ${this.payeeOf(one)}`;
    for (const member of this.membersOf(channel.groupId)) {
      must(kind(member) === kind(channel), "the members of a group have one extranonce size and one payee");
    }
  }

  #openRefused({ request_id, error_code }: channels.OpenMiningChannelError, nowMs: number): void {
    const wish = this.opens.get(request_id);
    must(wish !== undefined, `the request ${request_id} waits for an answer`);
    this.opens.delete(request_id);
    this.openAnswered = true;
    if (wish.refusal !== undefined)
      return must(wish.refusal === error_code, `${wish.refusal} was due, not ${error_code}`);
    this.#count(`open ${error_code}`);
    const full = this.channels.size >= this.#maxChannels;
    const waited = nowMs - wish.sinceMs >= 5_000;
    // The payout changed while it waited for work.
    if (error_code === "unknown-user")
      return must(this.#payeeOf(wish.userIdentity) === undefined, "nobody can be paid");
    const why = error_code === "channel-capacity-exhausted" ? full : error_code === "no-template-available" && waited;
    must(why, `a request that can be granted is not refused with ${error_code}`);
  }

  #newTarget(channel: ModelChannel, target: bigint): void {
    must(target > 0n && target <= channel.maxTarget, "no target is zero, or easier than the client can work with");
    this.updates.get(channel.channelId)?.(target);
    this.updates.delete(channel.channelId);
    if (target > channel.target) channel.owedJob = true;
    channel.target = target;
  }
}
