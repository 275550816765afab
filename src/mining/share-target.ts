/**
 * The target of a channel: what a hash has to meet to count as a share. Targets are compared as 256-bit integers;
 * the difficulty beside one is for crediting and for people. SV2 §5.3.2, §5.3.21.
 */

import { difficultyOfTarget, targetOfDifficulty, targetOfHashrate, targetToBytes } from "../bitcoin/target.ts";

export type ShareTarget = {
  readonly value: bigint;
  /** 32 bytes, little-endian, as on the wire. */
  readonly bytes: Uint8Array;
  readonly difficulty: number;
};

/** The target of that integer value, 1 to 2^256 − 1. */
export function shareTarget(value: bigint): ShareTarget {
  return { value, bytes: targetToBytes(value), difficulty: difficultyOfTarget(value) };
}

export type TargetBounds = {
  /** No target is easier than this difficulty's, or shares would be free; but where a block is, shares may be too. */
  readonly minDifficulty: number;
  /** Of a block of the present template. On a test network it can be easier than the minimum difficulty. */
  readonly networkTarget: bigint;
  /** The easiest that the client can work with. */
  readonly maxTarget: bigint;
  /** Wanted of a channel. */
  readonly sharesPerMinute: number;
};

/**
 * Shares per minute that a channel may find at most so that its target be no harder than a block's. Two a second cost
 * the pool next to nothing, and more come only where a block is so easy that its loss is none.
 */
export const FLOOD_SHARES_PER_MINUTE = 120;

/** Targets are scaled by a ratio of whole numbers. */
const SCALE = 1_000;

/**
 * Difficulties from the first number up to the second are whole. Firmware that keeps the difficulty of its target as a
 * whole number (NerdQAxe) cuts off the rest, 1 being its least, and sends what misses the target by as much. Above 2^53
 * a double has no fractions.
 */
const WHOLE_FROM = 1;
const WHOLE_BELOW = 2 ** 53;

/** Bits of a double's mantissa. */
const DOUBLE_BITS = 53;

/** The easiest target that the pool gives, whatever the client can work with. */
export function easiestTarget(bounds: Pick<TargetBounds, "minDifficulty" | "networkTarget">): bigint {
  const least = targetOfDifficulty(bounds.minDifficulty);
  return bounds.networkTarget > least ? bounds.networkTarget : least;
}

/**
 * The target for a channel that finds the wanted number of shares per minute at `wanted`: harder where the pool's
 * minimum or the client demands it, and easier where it would be harder than a block's, since a client sends nothing
 * that misses its target; but never so easy that more than `FLOOD_SHARES_PER_MINUTE` come. Its difficulty is whole where
 * it is 1 or more and the bounds allow it.
 */
export function boundedTarget(wanted: bigint, bounds: TargetBounds): ShareTarget {
  const easiest = easiestTarget(bounds);
  let value = wanted < easiest ? wanted : easiest;
  if (value < bounds.networkTarget) {
    const flood = (wanted * BigInt(Math.round(SCALE * floodFactor(bounds)))) / BigInt(SCALE);
    value = flood < bounds.networkTarget ? flood : bounds.networkTarget;
  }
  if (bounds.maxTarget < value) value = bounds.maxTarget;
  const target = shareTarget(value > 0n ? value : 1n);
  const hardest = value < bounds.networkTarget ? 1n : bounds.networkTarget;
  return wholeTarget(target, { easiest: bounds.maxTarget < easiest ? bounds.maxTarget : easiest, hardest }) ?? target;
}

/** Of the two whole difficulties beside the target's the nearer one that the bounds allow; undefined for none. */
function wholeTarget(
  { difficulty }: ShareTarget,
  bounds: { readonly easiest: bigint; readonly hardest: bigint },
): ShareTarget | undefined {
  if (difficulty < WHOLE_FROM || difficulty >= WHOLE_BELOW) return undefined;
  const nearer = Math.round(difficulty);
  for (const whole of [nearer, nearer > difficulty ? nearer - 1 : nearer + 1]) {
    const value = asDouble(targetOfDifficulty(whole));
    if (value <= bounds.easiest && value >= bounds.hardest) return { ...shareTarget(value), difficulty: whole };
  }
  return undefined;
}

/**
 * What a double holds of a target, rounded down, so that firmware that reads it into one divides by exactly this and
 * finds no less than the difficulty it was made of. What is lost is less than one share in 2^52.
 */
function asDouble(target: bigint): bigint {
  const shift = BigInt(Math.max(0, target.toString(2).length - DOUBLE_BITS));
  return (target >> shift) << shift;
}

function floodFactor({ sharesPerMinute }: TargetBounds): number {
  return Math.max(1, FLOOD_SHARES_PER_MINUTE / sharesPerMinute);
}

/** The difficulty at which a miner of that hashrate finds the wanted number of shares per minute; 0 for no hashrate. */
export function suitedDifficulty(hashesPerSecond: number, sharesPerMinute: number): number {
  return hashesPerSecond > 0 ? difficultyOfTarget(targetOfHashrate({ hashesPerSecond, sharesPerMinute })) : 0;
}
