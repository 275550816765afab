/**
 * Targets, in their three forms: the compact bits of a header, an integer, and 32 little-endian bytes. Difficulty is
 * for people and for crediting; comparisons are between integers or bytes, never floats.
 */

const MAX_TARGET = (1n << 256n) - 1n;

/** The target of difficulty 1: 0xffff followed by 26 zero bytes, over 32 bytes. */
const DIFFICULTY_1_TARGET = 0xffffn << 208n;

/**
 * The target of compact bits, as consensus reads them.
 * @returns 0n where they are negative or too large to be a target: nothing meets it.
 */
export function bitsToTarget(bits: number): bigint {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x7fffff);
  if ((bits & 0x800000) !== 0 && mantissa !== 0n) return 0n;
  const target = exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
  return target > MAX_TARGET ? 0n : target;
}

/** The compact bits of a target, which keep its three or fewer highest bytes. */
export function targetToBits(target: bigint): number {
  let size = 0;
  for (let rest = target; rest > 0n; rest >>= 8n) size += 1;
  let mantissa = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  if ((mantissa & 0x800000) !== 0) {
    mantissa >>= 8;
    size += 1;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** 32 bytes, little-endian: as on the SV2 wire, and as a hash stands in memory. */
export function targetToBytes(target: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = target;
  for (let index = 0; index < 32; index += 1) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** The integer of 32 little-endian bytes. */
export function targetFromBytes(bytes: Uint8Array): bigint {
  let target = 0n;
  for (let index = 31; index >= 0; index -= 1) target = (target << 8n) | BigInt(bytes[index] ?? 0);
  return target;
}

/** A quotient of integers as the nearest double, whatever their size. */
function ratio(numerator: bigint, denominator: bigint): number {
  const shift = BigInt(Math.max(0, 64 - (numerator.toString(2).length - denominator.toString(2).length)));
  const scaled = numerator << shift;
  const quotient = scaled / denominator;
  // The lowest bit, beyond a double's precision, says that there is more: a half is then not taken for exactly a half.
  const sticky = quotient * denominator === scaled ? quotient : quotient | 1n;
  return Number(sticky) / 2 ** Number(shift);
}

/** A finite double above 0 as the exact quotient of two integers. */
function fractionOf(value: number): { readonly numerator: bigint; readonly denominator: bigint } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = bits.getUint16(0) >> 4;
  const mantissa = bits.getBigUint64(0) & ((1n << 52n) - 1n);
  // IEEE 754: the value is mantissa · 2^(exponent − 1075), with a hidden bit except in the lowest binade.
  const numerator = exponent === 0 ? mantissa : mantissa | (1n << 52n);
  const power = BigInt(Math.max(exponent, 1) - 1075);
  return power >= 0n ? { numerator: numerator << power, denominator: 1n } : { numerator, denominator: 1n << -power };
}

/** How much harder `target` is than difficulty 1. `target` is above 0. */
export function difficultyOfTarget(target: bigint): number {
  return ratio(DIFFICULTY_1_TARGET, target);
}

const DIFFICULTY_1_NUMBER = Number(DIFFICULTY_1_TARGET);

/**
 * The difficulty that a hash reached, but for a double's last digit: every flush asks it of every channel, and integers
 * of 256 bits would take ten times as long.
 * @param hash 32 bytes, header order.
 */
export function difficultyOfHash(hash: Uint8Array): number {
  let value = 0;
  for (let index = 31; index >= 0; index -= 1) value = 256 * value + (hash[index] ?? 0);
  return DIFFICULTY_1_NUMBER / Math.max(value, 1);
}

/** The target of a difficulty, rounded down: 2^256 − 1 for 0, for below and for what is no number; never 0. */
export function targetOfDifficulty(difficulty: number): bigint {
  if (!(difficulty > 0)) return MAX_TARGET;
  if (difficulty === Number.POSITIVE_INFINITY) return 1n;
  const { numerator, denominator } = fractionOf(difficulty);
  return withinTargets((DIFFICULTY_1_TARGET * denominator) / numerator);
}

/** The target that a miner of that hashrate meets so many times a minute, on average. Both are above 0. */
export function targetOfHashrate(options: {
  readonly hashesPerSecond: number;
  readonly sharesPerMinute: number;
}): bigint {
  const hashesPerShare = Math.max(1, (options.hashesPerSecond * 60) / options.sharesPerMinute);
  if (!Number.isFinite(hashesPerShare)) return 1n;
  const { numerator, denominator } = fractionOf(hashesPerShare);
  // A hash is one of 2^256, and target + 1 of them meet the target.
  return withinTargets((denominator << 256n) / numerator - 1n);
}

function withinTargets(target: bigint): bigint {
  if (target > MAX_TARGET) return MAX_TARGET;
  return target > 0n ? target : 1n;
}
