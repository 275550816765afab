/** Who is paid by a block: the outputs that the coinbase of a channel's jobs carries. Plain values. */

import type { TransactionOutput } from "../bitcoin/transaction.ts";
import { bytesEqual, toHex } from "../core/bytes.ts";

export type PayoutCut = {
  readonly script: Uint8Array;
  /** Of the whole reward, in hundredths of a percent: 1 to 9,999. */
  readonly basisPoints: number;
};

export type Payout = {
  /** The same text for the same outputs: channels of one payout share their jobs. */
  readonly key: string;
  /** Output script that gets what the cuts leave. */
  readonly script: Uint8Array;
  /** What others get, in the order of their outputs. */
  readonly cuts: readonly PayoutCut[];
};

const WHOLE_BASIS_POINTS = 10_000n;

/** Pays to `script` what the cuts leave. A cut for `script` itself is none: it has one output. */
export function payoutTo(script: Uint8Array, ...cuts: readonly PayoutCut[]): Payout {
  const others = cuts.filter((cut) => !bytesEqual(cut.script, script));
  const parts = others.map((cut) => `${cut.basisPoints}:${toHex(cut.script)}`);
  return { key: [toHex(script), ...parts].join(" "), script, cuts: others };
}

/** The outputs for a reward of that many satoshi, the main one first. A part of less than a satoshi stays with it. */
export function payoutOutputs({ script, cuts }: Payout, value: bigint): TransactionOutput[] {
  const parts = cuts
    .map((cut) => ({ script: cut.script, value: (value * BigInt(cut.basisPoints)) / WHOLE_BASIS_POINTS }))
    .filter((part) => part.value > 0n);
  const left = parts.reduce((rest, part) => rest - part.value, value);
  return [{ script, value: left }, ...parts];
}
