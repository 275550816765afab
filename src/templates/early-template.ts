/**
 * The empty block on top of a new tip, made as soon as the node has said where that tip stands: its template takes the
 * node tens to hundreds of milliseconds more, in which miners would work on the old tip.
 *
 * The tip is not taken on trust, as by pools that mine on headers of each other: the node announces a block over ZMQ, or
 * names it as its best, after it has checked the block and connected it. So what is mined here is as sound as what its
 * template would be, and pays the fees less.
 *
 * What such a block needs beside the tip is known only where the last template is of the same difficulty period; where
 * it is not, or where targets change from block to block, there is none.
 */

import type { Network } from "../bitcoin/network.ts";
import { subsidyAt } from "../bitcoin/subsidy.ts";
import { fromHex, reversed } from "../core/bytes.ts";
import type { BlockPlace } from "./rpc-block-place.ts";
import type { Template } from "./template.ts";
import type { UnnumberedTemplate } from "./template-from-gbt.ts";

/** Consensus: the target changes with each block whose height is a multiple of it. */
const RETARGET_BLOCKS = 2_016;

export type EarlyContext = {
  readonly network: Network;
  /** The newest one that was delivered. */
  readonly last: Template;
  /** How long ago that was. */
  readonly sinceLastMs: number;
  readonly receivedAtMs: number;
};

/** @returns undefined where `tip` is not the node's tip any more, or where not everything about the next block is certain. */
export function earlyTemplate(tip: BlockPlace, context: EarlyContext): UnnumberedTemplate | undefined {
  const { network, last, sinceLastMs, receivedAtMs } = context;
  const height = tip.height + 1;
  if (tip.confirmations !== 1) return undefined;
  if (!keepsTarget(network, last.height, height) || tip.bits !== last.bits) return undefined;
  const minTime = tip.medianTime + 1;
  // The node's clock, as it went when the last template was made: this one's times go on from there, and the next one's
  // from here.
  const nodeTime = last.curTime + Math.floor(sinceLastMs / 1_000);
  return {
    source: last.source,
    height,
    prevHash: reversed(fromHex(tip.hash)),
    // What versionbits signal changes at the borders of periods only.
    version: last.version,
    bits: tip.bits,
    curTime: Math.max(nodeTime, minTime),
    minTime,
    coinbaseValue: subsidyAt(network, height),
    nextSubsidy: subsidyAt(network, height + 1),
    witnessCommitment: undefined,
    transactions: [],
    merklePath: [],
    receivedAtMs,
  };
}

/** Whether blocks of both heights have one target for certain. */
function keepsTarget(network: Network, a: number, b: number): boolean {
  // Its target never changes.
  if (network === "regtest") return true;
  // Min-difficulty blocks may follow any other, by their time.
  if (network === "testnet4") return false;
  return Math.floor(a / RETARGET_BLOCKS) === Math.floor(b / RETARGET_BLOCKS);
}
