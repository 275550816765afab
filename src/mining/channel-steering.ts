/**
 * The targets of one connection's channels: the first one, what an UpdateChannel asks for, and what vardiff makes of the
 * shares. Sends SetTarget; the job that has to follow is its connection's part. SV2 §5.3.7, §5.3.21.
 */

import { difficultyOfTarget, targetFromBytes, targetOfDifficulty } from "../bitcoin/target.ts";
import type { Moment } from "../core/clock.ts";
import { encodeFrame } from "../wire/frame.ts";
import { SetTarget } from "../wire/job-messages.ts";
import type { Channel, ChannelOptions } from "./channel.ts";
import type { Worker } from "./difficulty-memory.ts";
import type { UpdateErrorCode } from "./error-codes.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { MiningContext } from "./mining-context.ts";
import { checkHashrateAndTarget } from "./open-request.ts";
import type { MiningOptions } from "./pool-options.ts";
import { boundedTarget, easiestTarget, type ShareTarget, suitedDifficulty, type TargetBounds } from "./share-target.ts";
import { Vardiff } from "./vardiff.ts";

export type UpdateRequest = {
  /** Hashes per second, as sent: any 32-bit float. */
  readonly nominalHashrate: number;
  /** 32 bytes, little-endian. */
  readonly maxTarget: Uint8Array;
  readonly now: Moment;
};

/** Settings that are no longer those of the pool, and when they ceased to be. */
export type Change = { readonly before: MiningOptions; readonly now: Moment };

/** How often settled difficulties are noted, lest a pool that is killed forgets them. Arbitrary. */
const NOTE_EVERY_MS = 600_000;

type SteeringContext = Pick<MiningContext, "options" | "workBook" | "difficulties">;

export class ChannelSteering {
  readonly #sink: FrameSink;
  readonly #refresh: (channel: Channel) => void;
  readonly #context: SteeringContext;
  /** That the targets were bounded by last. */
  #networkTarget: bigint;
  #notedMs: number | undefined;
  /** Of the last look at the channels, in milliseconds since the epoch. */
  #lookedMs = 0;

  /** @param options where frames go, and how a channel gets its next job. */
  constructor(
    options: { readonly sink: FrameSink; readonly refresh: (channel: Channel) => void },
    context: SteeringContext,
  ) {
    this.#sink = options.sink;
    this.#refresh = options.refresh;
    this.#context = context;
    this.#networkTarget = context.workBook.networkTarget;
  }

  /** What a channel begins with: what suited the worker when it was here last, or what it announces. */
  begin(
    request: Worker & { readonly nominalHashrate: number; readonly maxTarget: bigint; readonly now: Moment },
  ): Pick<ChannelOptions, "target" | "suitedDifficulty" | "vardiff"> {
    const { nominalHashrate, maxTarget, now } = request;
    const { vardiff, sharesPerMinute } = this.#context.options;
    const perMinute = vardiff
      ? this.#context.difficulties.recall(request, { nominalHashrate, atMs: now.wallMs })
      : undefined;
    const suited = perMinute === undefined ? this.#suited(nominalHashrate) : perMinute / sharesPerMinute;
    const target = boundedTarget(targetOfDifficulty(suited), this.#bounds(maxTarget));
    const begun = { target, nominalHashrate, maxTarget, suitedDifficulty: suited };
    return { target, suitedDifficulty: suited, vardiff: vardiff ? this.#newVardiff(begun, now) : undefined };
  }

  /** Honours an UpdateChannel with a SetTarget, or returns the code to refuse it with. */
  update(channel: Channel, request: UpdateRequest): UpdateErrorCode | undefined {
    const { nominalHashrate, now } = request;
    const wrong = checkHashrateAndTarget(nominalHashrate, request.maxTarget);
    if (wrong !== undefined) return wrong;
    channel.nominalHashrate = nominalHashrate;
    channel.maxTarget = targetFromBytes(request.maxTarget);
    channel.suitedDifficulty = this.#suited(nominalHashrate);
    channel.vardiff?.announce(this.#announced(nominalHashrate), now.monotonicMs);
    this.setTarget(channel, this.#wanted(channel));
    return undefined;
  }

  /** Has the channel follow settings that changed. Sends SetTarget where they ask for another target. */
  adapt(channel: Channel, { before, now }: Change): void {
    const { vardiff, sharesPerMinute, minDifficulty } = this.#context.options;
    const steered = channel.vardiff;
    const isOther = sharesPerMinute !== before.sharesPerMinute || minDifficulty !== before.minDifficulty;
    if (steered !== undefined) {
      steered.aimAt(sharesPerMinute);
      channel.suitedDifficulty = steered.estimate;
    } else if (isOther) channel.suitedDifficulty = this.#suited(channel.nominalHashrate);
    if (!vardiff) channel.vardiff = undefined;
    else if (steered === undefined) channel.vardiff = this.#newVardiff(channel, now);
    const target = this.#wanted(channel);
    if (target.value !== channel.target.value) this.setTarget(channel, target);
  }

  /** What vardiff wants of the channels at that time; sends SetTarget, and a job that has it, where something changes. */
  retarget(channels: Iterable<Channel>, now: Moment): void {
    const { networkTarget } = this.#context.workBook;
    const otherNetworkTarget = networkTarget !== this.#networkTarget;
    this.#networkTarget = networkTarget;
    const noting = now.monotonicMs - (this.#notedMs ?? now.monotonicMs) >= NOTE_EVERY_MS;
    if (noting || this.#notedMs === undefined) this.#notedMs = now.monotonicMs;
    this.#lookedMs = now.wallMs;
    for (const channel of channels) {
      const changed = channel.vardiff?.look(now.monotonicMs) === true;
      if (changed || otherNetworkTarget) {
        const target = this.#wanted(channel);
        const before = channel.target.value;
        if (target.value !== before) this.setTarget(channel, target);
        // A client heeds a harder target with its next job only, and until then its shares tell of the old one.
        if (target.value < before) this.#refresh(channel);
      }
      if (noting) this.note(channel);
    }
  }

  /** Remembers what the channel has settled at, if it has. */
  note({ vardiff, userIdentity, kind, nominalHashrate }: Channel): void {
    const settled = vardiff?.settled;
    if (settled === undefined) return;
    const difficultyPerMinute = settled * this.#context.options.sharesPerMinute;
    this.#context.difficulties.note({ userIdentity, kind, difficultyPerMinute, nominalHashrate, atMs: this.#lookedMs });
  }

  /** Sends SetTarget; where it eases the target a new job follows at once, since active jobs keep theirs. */
  setTarget(channel: Channel, target: ShareTarget): void {
    const before = channel.target;
    const eased = target.value > before.value;
    channel.target = target;
    this.sendTarget(channel);
    if (target.value !== before.value) {
      const { channelId } = channel;
      const { difficulty } = target;
      this.#sink.targetChanged({ channelId, difficulty, previousDifficulty: before.difficulty });
    }
    if (eased) this.#refresh(channel);
  }

  /** Says the channel's target, whether or not it changed. */
  sendTarget({ channelId, target }: Channel): void {
    this.#sink.send(encodeFrame(SetTarget, { channel_id: channelId, maximum_target: target.bytes }));
  }

  /** The target that suits the channel's hashrate, as far as it is known, within the bounds; vardiff is told of it. */
  #wanted({ vardiff, suitedDifficulty, maxTarget }: Channel): ShareTarget {
    const bounds = this.#bounds(maxTarget);
    const target = boundedTarget(targetOfDifficulty(vardiff?.estimate ?? suitedDifficulty), bounds);
    vardiff?.serve(target.difficulty, leastDifficulty(bounds));
    return target;
  }

  #newVardiff(
    channel: Pick<Channel, "target" | "nominalHashrate" | "maxTarget" | "suitedDifficulty">,
    now: Moment,
  ): Vardiff {
    return new Vardiff({
      sharesPerMinute: this.#context.options.sharesPerMinute,
      announced: this.#announced(channel.nominalHashrate),
      estimate: channel.suitedDifficulty,
      difficulty: channel.target.difficulty,
      least: leastDifficulty(this.#bounds(channel.maxTarget)),
      nowMs: now.monotonicMs,
    });
  }

  #announced(nominalHashrate: number): number {
    return suitedDifficulty(nominalHashrate, this.#context.options.sharesPerMinute);
  }

  /** The same, and the least difficulty where nothing is announced. */
  #suited(nominalHashrate: number): number {
    return this.#announced(nominalHashrate) || this.#context.options.minDifficulty;
  }

  /** What bounds a channel's target now. */
  #bounds(maxTarget: bigint): TargetBounds {
    const { options, workBook } = this.#context;
    const { minDifficulty, sharesPerMinute } = options;
    return { minDifficulty, sharesPerMinute, networkTarget: workBook.networkTarget, maxTarget };
  }
}

function leastDifficulty(bounds: TargetBounds): number {
  return difficultyOfTarget(easiestTarget(bounds));
}
