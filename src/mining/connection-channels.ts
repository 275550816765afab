/**
 * The channels and groups of one connection: opening and closing them. Gives whole frames to its sink and knows nothing
 * of sockets or encryption; which jobs are sent is the pool's part, how, that of `JobDelivery`; targets are that of
 * `ChannelSteering`. SV2 §5.2, §5.3.2 to §5.3.9.
 */

import { targetFromBytes } from "../bitcoin/target.ts";
import type { Moment } from "../core/clock.ts";
import { SetExtranoncePrefix, SetGroupChannel } from "../wire/channel-messages.ts";
import { encodeFrame } from "../wire/frame.ts";
import { Channel } from "./channel.ts";
import { ChannelGroups } from "./channel-groups.ts";
import { type Change, ChannelSteering, type UpdateRequest } from "./channel-steering.ts";
import { closeFrames } from "./close-frames.ts";
import type { CloseReason, OpenErrorCode, UpdateErrorCode } from "./error-codes.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { Group } from "./group.ts";
import { IdSequence } from "./id-sequence.ts";
import { JobDelivery, withdrawAhead } from "./job-delivery.ts";
import { type JobWork, jobWork } from "./job-work.ts";
import type { MiningContext } from "./mining-context.ts";
import { checkOpenRequest, type OpenRequest } from "./open-request.ts";
import { openSuccessFrame } from "./open-success.ts";
import { DEFAULT_ROLLABLE_BYTES, EXTRANONCE_PREFIX_BYTES } from "./pool-options.ts";
import { regroup, unpaidOf } from "./regrouping.ts";
import { type ShareTotals, sumOfTotals } from "./share-tally.ts";
import type { ShareTarget } from "./share-target.ts";
import { workKind } from "./work-kind.ts";

export type ConnectionOptions = {
  /** Unique over the life of the process. */
  readonly connectionId: string;
  /** SetupConnection's bit 0: the client takes standard jobs only, and no groups. */
  readonly requiresStandardJobs: boolean;
  readonly sink: FrameSink;
  /** The client heeds SetExtranoncePrefix. One that does not has to connect again for a new prefix. */
  readonly takesExtranoncePrefix?: boolean;
  /** The client heeds CloseChannel. For one that does not, its connection ends in place of its channel. */
  readonly heedsCloseChannel?: boolean;
  /** Where ids of channels and groups come from; by default they begin with 1. */
  readonly channelIds?: IdSequence;
};

/** Ids that an open may take: the channel's, and its group's. */
const IDS_PER_OPEN = 2;

export class ConnectionChannels {
  readonly connectionId: string;
  readonly #context: MiningContext;
  readonly #sink: FrameSink;
  readonly #requiresStandardJobs: boolean;
  readonly #takesExtranoncePrefix: boolean;
  readonly #heedsCloseChannel: boolean;
  readonly #delivery: JobDelivery;
  readonly #steering: ChannelSteering;
  readonly #channels = new Map<number, Channel>();
  readonly #groups: ChannelGroups;
  /** Channels and groups draw from one namespace. */
  readonly #ids: IdSequence;
  #sharesOfClosed: ShareTotals = sumOfTotals([]);

  constructor(options: ConnectionOptions, context: MiningContext) {
    this.connectionId = options.connectionId;
    this.#context = context;
    this.#sink = options.sink;
    this.#requiresStandardJobs = options.requiresStandardJobs;
    this.#takesExtranoncePrefix = options.takesExtranoncePrefix ?? true;
    this.#heedsCloseChannel = options.heedsCloseChannel ?? true;
    this.#ids = options.channelIds ?? new IdSequence();
    this.#groups = new ChannelGroups(this.#ids);
    this.#delivery = new JobDelivery({
      sink: options.sink,
      slots: context.slots,
      started: (ahead) => context.workBook.startedJobTemplate(ahead),
      requiresStandardJobs: options.requiresStandardJobs,
    });
    this.#steering = new ChannelSteering({ sink: options.sink, refresh: (channel) => this.#refresh(channel) }, context);
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Shares of all its channels, of those that are closed too. */
  get shares(): ShareTotals {
    return sumOfTotals([this.#sharesOfClosed, ...Array.from(this.#channels.values(), ({ tally }) => tally)]);
  }

  /** Nominal hashrate of all channels: the order in which connections hear of a new tip. */
  get nominalHashrate(): number {
    let sum = 0;
    for (const channel of this.#channels.values()) sum += channel.nominalHashrate;
    return sum;
  }

  /** Open channels, in the order in which they were opened. */
  channels(): IterableIterator<Channel> {
    return this.#channels.values();
  }

  groups(): IterableIterator<Group<Channel>> {
    return this.#groups.all();
  }

  find(channelId: number): Channel | undefined {
    return this.#channels.get(channelId);
  }

  /**
   * Opens a channel and sends Open….Success, its first job as a future job, and the SetNewPrevHash that names it.
   * @returns the channel, or the code to refuse with; nothing was sent or taken then.
   */
  open(request: OpenRequest, now: Moment): Channel | OpenErrorCode {
    const { extranonces } = this.#context;
    const wrong = checkOpenRequest(request, { requiresStandardJobs: this.#requiresStandardJobs });
    if (wrong !== undefined) return wrong;
    const payout = this.#context.payoutOf(request.userIdentity);
    if (payout === "unknown-user") return payout;
    if (!this.#context.workAvailable) return "no-template-available";
    if (this.#full) return "channel-capacity-exhausted";
    const rollableBytes = request.kind === "extended" ? Math.max(request.minExtranonceSize, DEFAULT_ROLLABLE_BYTES) : 0;
    // A standard channel's prefix is as long as an extended channel's whole extranonce, so that both fit one coinbase.
    const prefixBytes =
      request.kind === "extended" ? EXTRANONCE_PREFIX_BYTES : EXTRANONCE_PREFIX_BYTES + DEFAULT_ROLLABLE_BYTES;
    const kind = workKind(prefixBytes + rollableBytes, payout);
    const work = jobWork(this.#context, kind, { standard: [], newTip: true });
    if (work === undefined) return "no-template-available";

    const extranoncePrefix = extranonces.allocate(prefixBytes);
    const group = this.#groups.of(kind);
    const maxTarget = targetFromBytes(request.maxTarget);
    const begun = this.#steering.begin({ ...request, maxTarget, now });
    const channelId = this.#ids.next();
    const channel = new Channel({
      channelId,
      kind: request.kind,
      sink: this.#sink,
      key: `${this.connectionId}:${channelId}`,
      userIdentity: request.userIdentity,
      extranoncePrefix,
      rollableBytes,
      group,
      nominalHashrate: request.nominalHashrate,
      maxTarget,
      ...begun,
    });
    this.#channels.set(channelId, channel);
    this.#groups.join(channel);
    this.#context.openChannels += 1;
    this.#sink.send(openSuccessFrame(channel, request.requestId));
    this.#delivery.toNewChannel(channel, work);
    return channel;
  }

  /** Honours an UpdateChannel (SV2 §5.3.7) with a SetTarget, or returns the code to refuse it with. */
  update(channelId: number, request: UpdateRequest): UpdateErrorCode | undefined {
    const channel = this.#channels.get(channelId);
    return channel === undefined ? "invalid-channel-id" : this.#steering.update(channel, request);
  }

  /** What vardiff wants of each channel at that time; sends SetTarget where something changes. */
  retarget(now: Moment): void {
    this.#steering.retarget(this.#channels.values(), now);
  }

  /** Has all channels follow settings that changed. */
  adapt(change: Change): void {
    for (const channel of this.#channels.values()) this.#steering.adapt(channel, change);
  }

  /** Sends SetTarget; where it eases the target a new job follows at once, since active jobs keep theirs. */
  setTarget(channel: Channel, target: ShareTarget): void {
    this.#steering.setTarget(channel, target);
  }

  /** Repeats each channel's target, which changes nothing: a sign of life while there is no new work. */
  keepAlive(): void {
    for (const channel of this.#channels.values()) this.#steering.sendTarget(channel);
  }

  /** Gives all channels a job of the newest template, and then lets waiting requests go on. */
  announce(workByKind: ReadonlyMap<string, JobWork>): void {
    for (const group of this.#groups.all()) {
      const work = workByKind.get(group.kind.key);
      if (work !== undefined) this.#delivery.toGroup(group, work);
    }
    this.#sink.workAvailable();
  }

  /** Ends the connection for a fault of ours; others go on. */
  fail(error: unknown): void {
    this.#sink.end("internal-error", error);
  }

  /**
   * Closes the channel of that id, or all of a group, and frees what they held.
   * @returns the channels that were closed; empty for an unknown id.
   */
  close(channelId: number): Channel[] {
    const channel = this.#channels.get(channelId);
    const closing = channel === undefined ? this.#groups.membersOf(channelId) : [channel];
    this.#free(closing);
    return closing;
  }

  /**
   * Brings each channel under the payout that its identity has now: SetGroupChannel where it moves to another group, and
   * CloseChannel where nobody can be paid for it; with its last channel a connection ends.
   * @returns whether some channel needs other work now.
   */
  regroup(): boolean {
    const { payoutOf } = this.#context;
    // Before any channel moves: what is closed by its group's id are those that the client has in it.
    const unpaid = unpaidOf(this.channels(), payoutOf);
    this.#closeByPool(unpaid, { reasonCode: "unknown-user", endReason: "payout-changed" });
    const { changed, joined } = regroup(this.#groups, payoutOf);
    if (this.#requiresStandardJobs) return changed;
    for (const { groupChannelId: group_channel_id, members } of joined) {
      // All of them: widespread proxies take the list for the whole group.
      const channel_ids = [...members].map(({ channelId }) => channelId);
      this.#sink.send(encodeFrame(SetGroupChannel, { group_channel_id, channel_ids }));
    }
    return changed;
  }

  /**
   * Gives each channel a new extranonce prefix of the same length, for the jobs that are sent from now on. A client of
   * standard jobs need not know it: it is sent merkle roots.
   */
  renewPrefixes(): void {
    for (const group of this.#groups.all()) withdrawAhead(group);
    for (const channel of this.#channels.values()) {
      channel.extranoncePrefix = this.#context.extranonces.allocate(channel.extranoncePrefix.length);
      if (this.#requiresStandardJobs) continue;
      const { channelId: channel_id, extranoncePrefix: extranonce_prefix } = channel;
      if (this.#takesExtranoncePrefix) {
        this.#sink.send(encodeFrame(SetExtranoncePrefix, { channel_id, extranonce_prefix }));
      } else return this.#sink.end("extranonce-changed");
    }
  }

  /** Closes a channel that found more shares on one tip than can be told apart; with its last channel a connection ends. */
  closeOverfull(channel: Channel): void {
    this.#closeByPool([channel], { reasonCode: "too-many-shares-on-one-tip", endReason: "duplicates-full" });
  }

  /** Frees everything, when the connection is gone. */
  closeAll(): void {
    this.#free([...this.#channels.values()]);
  }

  /** A client without a channel, or that goes on with a closed one, is helped by a new connection alone. */
  #closeByPool(
    closing: readonly Channel[],
    {
      reasonCode,
      endReason,
    }: { readonly reasonCode: CloseReason; readonly endReason: Parameters<FrameSink["end"]>[0] },
  ): void {
    if (closing.length === 0) return;
    if (this.#heedsCloseChannel) {
      const byGroup = !this.#requiresStandardJobs;
      for (const frame of closeFrames(closing, { reasonCode, byGroup })) this.#sink.send(frame);
    }
    this.#free(closing);
    for (const channel of closing) this.#sink.channelClosed(channel, reasonCode);
    if (!this.#heedsCloseChannel || this.#channels.size === 0) this.#sink.end(endReason);
  }

  /** A channel's next job, of the newest template: on the same tip, and only where that is the node's. */
  #refresh(channel: Channel): void {
    if (!this.#context.workAvailable) return;
    const work = jobWork(this.#context, channel.group.kind, { standard: [], newTip: false });
    if (work !== undefined) this.#delivery.toChannel(channel, work);
  }

  get #full(): boolean {
    const { maxChannels, maxChannelsPerConnection } = this.#context.options;
    return (
      this.#channels.size >= maxChannelsPerConnection ||
      this.#context.openChannels >= maxChannels ||
      this.#ids.left < IDS_PER_OPEN ||
      this.#context.extranonces.left === 0
    );
  }

  #free(channels: readonly Channel[]): void {
    // All of them first: to give one's jobs back settles shares of the others, of which nothing is said any more.
    for (const channel of channels) channel.open = false;
    for (const channel of channels) {
      this.#steering.note(channel);
      this.#sharesOfClosed = sumOfTotals([this.#sharesOfClosed, channel.tally]);
      this.#channels.delete(channel.channelId);
      this.#groups.leave(channel);
      this.#delivery.releaseJobs(channel);
      this.#context.openChannels -= 1;
    }
  }
}
