/** What a node's answer to `submitblock` (BIP22) says of a block. */

import type { SubmitResult } from "./block-node.ts";
import { RpcError } from "./errors.ts";
import { printable } from "./rpc-answer.ts";

/** bcoin's dialect puts this before each reason. */
const BCOIN_PREFIX = "rejected: ";
/** RPC_DESERIALIZATION_ERROR: no node will ever read these bytes otherwise. */
const UNDECODABLE = -22;

/**
 * Words that describe the node, not the block: it does not have the parent yet (behind after a restart; the second one
 * is bcoin's word for it), or its clock is behind. The same block can be accepted later.
 */
const PASSING_REASONS: ReadonlySet<string> = new Set([
  "prev-blk-not-found",
  `${BCOIN_PREFIX}bad-prevblk`,
  "time-too-new",
]);

/** @param result of the call: null, or a word. */
export function submitResultOf(result: unknown): SubmitResult {
  if (result === null) return { kind: "accepted" };
  if (typeof result !== "string") return { kind: "failed", reason: "the node's answer to submitblock is not a word" };
  const reason = printable(result.startsWith(BCOIN_PREFIX) ? result.slice(BCOIN_PREFIX.length) : result);
  if (PASSING_REASONS.has(result) || PASSING_REASONS.has(reason)) return { kind: "failed", reason };
  switch (reason) {
    case "duplicate":
      return { kind: "accepted" };
    case "inconclusive":
    case "duplicate-inconclusive":
      return { kind: "inconclusive" };
    default:
      return { kind: "refused", reason };
  }
}

/** @param error what the call threw. */
export function submitFailureOf(error: unknown): SubmitResult {
  if (error instanceof RpcError && error.rpcCode === UNDECODABLE) {
    return { kind: "refused", reason: error.nodeWords ?? error.message };
  }
  return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
}
