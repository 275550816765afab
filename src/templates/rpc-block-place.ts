/** Where a block stands in a node's chain (`getblockheader`): what a block on top of it has to know. */

import { RpcError } from "./errors.ts";

export type BlockPlace = {
  /** 64 digits as the RPC prints it. */
  readonly hash: string;
  readonly height: number;
  /** 1 for the tip; -1 for a block that is not on the best chain, of which bcoin says what it would be there. */
  readonly confirmations: number;
  /** Compact target of this block. */
  readonly bits: number;
  /** Seconds: of this block and the ten before it. The next block's time has to be above it. */
  readonly medianTime: number;
};

/** The heights of templates end below it. */
const HEIGHTS_END = 500_000_000;
/** Headers have 32 bits for a time, and the next block's is above this one. */
const LAST_TIME = 0xffff_ffff;

/** @throws {RpcError} `rpc-answer-invalid`, also where the node does not say the median time (btcd). */
export function blockPlaceOf(result: unknown, asked: { readonly label: string; readonly hash: string }): BlockPlace {
  const header = typeof result === "object" && result !== null ? (result as Record<string, unknown>) : {};
  const { hash, height, confirmations, mediantime: medianTime } = header;
  const bits = bitsOf(header.bits);
  const isWhole =
    hash === asked.hash &&
    isInteger(height, { min: 0, max: HEIGHTS_END - 1 }) &&
    isInteger(confirmations, { min: -1, max: HEIGHTS_END }) &&
    isInteger(medianTime, { min: 0, max: LAST_TIME - 1 }) &&
    bits !== undefined;
  if (isWhole) return { hash, height, confirmations, bits, medianTime };
  throw new RpcError(
    "rpc-answer-invalid",
    `the node at ${asked.label} does not say where the block ${asked.hash} stands`,
  );
}

/** 8 hexadecimal digits; bcoin prints a number. */
function bitsOf(value: unknown): number | undefined {
  if (typeof value === "string") return /^[0-9a-f]{8}$/.test(value) ? Number.parseInt(value, 16) : undefined;
  return isInteger(value, { min: 0, max: 0xffff_ffff }) ? value : undefined;
}

function isInteger(value: unknown, range: { readonly min: number; readonly max: number }): value is number {
  return Number.isSafeInteger(value) && (value as number) >= range.min && (value as number) <= range.max;
}
