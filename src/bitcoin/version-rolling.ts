/** The bits of a header's version that miners may roll: BIP323. */

/** All bits that BIP323 gives to miners. */
export const VERSION_ROLLING_MASK = 0x1fffffe0;

/** `version` with the rollable bits clear, as an unsigned 32-bit integer: some firmware rolls by OR. */
export function clearRollableBits(version: number): number {
  return (version & ~VERSION_ROLLING_MASK) >>> 0;
}
