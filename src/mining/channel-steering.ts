/**
 * The targets of one connection's channels: the first one, what an UpdateChannel asks for, and what vardiff makes of the
 * shares. Sends SetTarget; the job that has to follow an easier one is its connection's part. SV2 §5.3.7, §5.3.21.
 */

import { targetFromBytes, targetOfDifficulty } from "../bitcoin/target.ts";
import type { Moment } from "../core/clock.ts";
import { encodeFrame } from "../wire/frame.ts";
import { SetTarget } from "../wire/job-messages.ts";
import type { Channel } from "./channel.ts";
import type { UpdateErrorCode } from "./error-codes.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { MiningContext } from "./mining-context.ts";
import { checkHashrateAndTarget } from "./open-request.ts";
import type { MiningOptions } from "./pool-options.ts";
import { boundedTarget, initialTarget, type ShareTarget, type TargetBounds } from "./share-target.ts";
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

export class ChannelSteering {
  readonly #sink: FrameSink;
  readonly #refresh: (channel: Channel) => void;
  readonly #context: Pick<MiningContext, "options" | "workBook">;

  /** @param options where frames go, and how a channel gets its next job. */
  constructor(
    options: { readonly sink: FrameSink; readonly refresh: (channel: Channel) => void },
    context: Pick<MiningContext, "options" | "workBook">,
  ) {
    this.#sink = options.sink;
    this.#refresh = options.refresh;
    this.#context = context;
  }

  /** What a channel that announces that hashrate begins with. */
  begin(request: { readonly nominalHashrate: number; readonly maxTarget: bigint; readonly now: Moment }): {
    readonly target: ShareTarget;
    readonly vardiff: Vardiff | undefined;
  } {
    const target = initialTarget(request.nominalHashrate, this.#bounds(request.maxTarget));
    return { target, vardiff: this.#context.options.vardiff ? this.#newVardiff(target, request.now) : undefined };
  }

  /** Honours an UpdateChannel with a SetTarget, or returns the code to refuse it with. */
  update(channel: Channel, request: UpdateRequest): UpdateErrorCode | undefined {
    const wrong = checkHashrateAndTarget(request.nominalHashrate, request.maxTarget);
    if (wrong !== undefined) return wrong;
    channel.nominalHashrate = request.nominalHashrate;
    channel.maxTarget = targetFromBytes(request.maxTarget);
    this.setTarget(channel, initialTarget(request.nominalHashrate, this.#bounds(channel.maxTarget)));
    channel.vardiff?.reset(channel.target.difficulty, request.now.monotonicMs);
    return undefined;
  }

  /** Has the channel follow settings that changed. Sends SetTarget where they ask for another target at once. */
  adapt(channel: Channel, { before, now }: Change): void {
    const { vardiff, sharesPerMinute, minDifficulty } = this.#context.options;
    const bounds = this.#bounds(channel.maxTarget);
    const isSteered = channel.vardiff !== undefined;
    // Without difficulty control the target follows from the hashrate alone; with it the shares will tell.
    const isFixed = !vardiff && !isSteered;
    const isOther = sharesPerMinute !== before.sharesPerMinute || minDifficulty !== before.minDifficulty;
    const target =
      isFixed && isOther ? initialTarget(channel.nominalHashrate, bounds) : boundedTarget(channel.target.value, bounds);
    if (target.value !== channel.target.value) {
      this.setTarget(channel, target);
      channel.vardiff?.reset(target.difficulty, now.monotonicMs);
    }
    if (!vardiff) channel.vardiff = undefined;
    else if (isSteered) channel.vardiff?.aimAt(sharesPerMinute);
    else channel.vardiff = this.#newVardiff(target, now);
  }

  /** What vardiff wants of the channel at that time; sends SetTarget where something changes. */
  retarget(channel: Channel, now: Moment): void {
    const wanted = channel.vardiff?.tick(now.monotonicMs);
    if (wanted === undefined) return;
    const target = boundedTarget(targetOfDifficulty(wanted), this.#bounds(channel.maxTarget));
    if (target.value !== channel.target.value) this.setTarget(channel, target);
    channel.vardiff?.reset(channel.target.difficulty, now.monotonicMs);
  }

  /** Sends SetTarget; where it eases the target a new job follows at once, since active jobs keep theirs. */
  setTarget(channel: Channel, target: ShareTarget): void {
    const eased = target.value > channel.target.value;
    channel.target = target;
    this.sendTarget(channel);
    if (eased) this.#refresh(channel);
  }

  /** Says the channel's target, whether or not it changed. */
  sendTarget({ channelId, target }: Channel): void {
    this.#sink.send(encodeFrame(SetTarget, { channel_id: channelId, maximum_target: target.bytes }));
  }

  #newVardiff({ difficulty }: ShareTarget, now: Moment): Vardiff {
    const { sharesPerMinute } = this.#context.options;
    return new Vardiff({ sharesPerMinute, difficulty, nowMs: now.monotonicMs });
  }

  /** What bounds a channel's target now. */
  #bounds(maxTarget: bigint): TargetBounds & { readonly sharesPerMinute: number } {
    const { options, workBook } = this.#context;
    const { minDifficulty, sharesPerMinute } = options;
    return { minDifficulty, sharesPerMinute, networkTarget: workBook.networkTarget, maxTarget };
  }
}
