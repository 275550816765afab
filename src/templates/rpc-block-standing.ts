/** Where a block of ours stands for a node, asked over its JSON-RPC. */

import type { BlockStanding } from "./block-node.ts";
import { RpcError } from "./errors.ts";
import type { RpcNode } from "./rpc-node.ts";

/** RPC_INVALID_ADDRESS_OR_KEY: the node has no such block. */
const NOT_FOUND = -5;

/** @param hash 64 digits as the RPC prints it. */
export async function blockStandingFrom(node: RpcNode, hash: string, signal: AbortSignal): Promise<BlockStanding> {
  try {
    const confirmations = await confirmationsOf(node, hash, signal);
    if (confirmations !== undefined && confirmations > 0) return { kind: "on-chain", confirmations };
    const { height: tipHeight } = await node.chainInfo(signal);
    return { kind: confirmations === undefined ? "unknown" : "off-chain", tipHeight };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Undefined where the node does not have the block. */
async function confirmationsOf(node: RpcNode, hash: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await node.blockPlace(hash, signal)).confirmations;
  } catch (error) {
    if (error instanceof RpcError && error.rpcCode === NOT_FOUND) return undefined;
    throw error;
  }
}
