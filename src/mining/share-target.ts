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
};

/** `wanted`, made harder where the bounds demand it. */
export function boundedTarget(wanted: bigint, bounds: TargetBounds): ShareTarget {
  const least = targetOfDifficulty(bounds.minDifficulty);
  const easiest = bounds.networkTarget > least ? bounds.networkTarget : least;
  let value = wanted < easiest ? wanted : easiest;
  if (bounds.maxTarget < value) value = bounds.maxTarget;
  return shareTarget(value > 0n ? value : 1n);
}

/** The first target of a channel, from the hashrate that it announced: 0 means unknown, and gets the minimum difficulty. */
export function initialTarget(
  nominalHashrate: number,
  options: { readonly sharesPerMinute: number } & TargetBounds,
): ShareTarget {
  const wanted =
    nominalHashrate > 0
      ? targetOfHashrate({ hashesPerSecond: nominalHashrate, sharesPerMinute: options.sharesPerMinute })
      : targetOfDifficulty(options.minDifficulty);
  return boundedTarget(wanted, options);
}
