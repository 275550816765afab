/**
 * Where a block of ours stands for a node, asked over its JSON-RPC. The chain comes first, so that a height that is
 * said beside the answer is never above what the node knew when it gave that.
 */

import type { BlockStanding } from "./block-node.ts";
import { RpcError } from "./errors.ts";
import type { RpcQuestions } from "./rpc-questions.ts";

/** RPC_INVALID_ADDRESS_OR_KEY: the node has no such block. bcoin says it by RPC_MISC_ERROR and the same words. */
const NOT_FOUND = -5;
const MISC_ERROR = -1;
const NOT_FOUND_WORDS = "Block not found";

/** @param hash 64 digits as the RPC prints it. */
export async function blockStandingFrom(
  questions: RpcQuestions,
  hash: string,
  signal: AbortSignal,
): Promise<BlockStanding> {
  try {
    const { height: tipHeight } = await questions.chainInfo(signal);
    const header = await headerOf(questions, hash, signal);
    if (header === undefined) return { kind: "unknown", tipHeight };
    const { confirmations, height } = header;
    if (confirmations <= 0) return { kind: "off-chain", tipHeight };
    const isOnChain = await questions.isOnBestChain({ hash, height }, signal);
    return isOnChain ? { kind: "on-chain", confirmations } : { kind: "off-chain", tipHeight };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Undefined where the node does not have the block. Asks for no field that not every node has. */
async function headerOf(
  questions: RpcQuestions,
  hash: string,
  signal: AbortSignal,
): Promise<{ confirmations: number; height: number } | undefined> {
  let result: unknown;
  try {
    result = await questions.header(hash, signal);
  } catch (error) {
    if (error instanceof RpcError && isNotFound(error)) return undefined;
    throw error;
  }
  const { confirmations, height } = (typeof result === "object" ? (result ?? {}) : {}) as Record<string, unknown>;
  if (isWhole(confirmations) && isWhole(height)) return { confirmations, height };
  throw new RpcError("rpc-answer-invalid", `the node does not say where the block ${hash} stands`);
}

function isNotFound({ rpcCode, nodeWords }: RpcError): boolean {
  return rpcCode === NOT_FOUND || (rpcCode === MISC_ERROR && nodeWords === NOT_FOUND_WORDS);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
