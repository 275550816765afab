/** What a node says of its chain when the pool connects (`getblockchaininfo`), and whether the pool can work on it. */

import type { Network } from "../bitcoin/network.ts";
import { RpcError, TemplateError } from "./errors.ts";
import { printable } from "./rpc-answer.ts";

export type ChainInfo = {
  /** The best block, 64 digits as the RPC prints it. */
  readonly tip: string;
  /** Of the best block. */
  readonly height: number;
  /** Hashes that the best chain is expected to have taken, or undefined where the node does not say it (btcd). */
  readonly work?: bigint;
};

/**
 * @throws {TemplateError} `wrong-network`.
 * @throws {RpcError} `rpc-answer-invalid`, or `rpc-error` where the node is still downloading a chain.
 */
export function chainInfoOf(result: unknown, expected: { label: string; network: Network }): ChainInfo {
  const { label, network } = expected;
  const info = typeof result === "object" && result !== null ? (result as Record<string, unknown>) : {};
  const { chain, blocks, bestblockhash: tip } = info;
  if (typeof chain !== "string" || typeof blocks !== "number" || !isBlockHash(tip)) {
    throw new RpcError("rpc-answer-invalid", `the node at ${label} does not say which chain it has, and up to where`);
  }
  if (chain !== network) {
    throw new TemplateError(
      "wrong-network",
      `the node at ${label} is on the network "${printable(chain)}", the pool on "${network}": one of both is configured wrong`,
    );
  }
  // On test networks a node gives templates while it downloads; they do not stand on the network's tip.
  if (info.initialblockdownload === true && network !== "regtest") {
    throw new RpcError(
      "rpc-error",
      `the node at ${label} is still downloading the chain (block ${blocks}); its templates are used when that is done`,
    );
  }
  const work = workOf(info.chainwork);
  return work === undefined ? { tip, height: blocks } : { tip, height: blocks, work };
}

/** 256 bits, printed as hexadecimal digits. */
function workOf(value: unknown): bigint | undefined {
  return typeof value === "string" && /^[0-9a-f]{1,64}$/.test(value) ? BigInt(`0x${value}`) : undefined;
}

/** Whether a field of an answer is the hash of a block: 64 digits as every node prints them. */
export function isBlockHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
