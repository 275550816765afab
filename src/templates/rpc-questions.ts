/**
 * The short questions that a pool asks a node, each with its answer checked, all under one deadline and one limit on the
 * answer. The agent is its own: connections are kept, and no question waits for another one's answer.
 */

import { Agent } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { MetricRegistry } from "../core/metrics.ts";
import { RpcError } from "./errors.ts";
import type { RpcAccess } from "./rpc-access.ts";
import { type BlockPlace, blockPlaceOf } from "./rpc-block-place.ts";
import { type ChainInfo, chainInfoOf, isBlockHash } from "./rpc-chain-info.ts";
import { type RpcCall, RpcClient } from "./rpc-client.ts";

/** Arbitrary: `getblockchaininfo` has some 2 KiB, and more with warnings. */
export const MAX_SMALL_ANSWER_BYTES: number = 256 * 1024;
/** A node that connects a block answers nobody meanwhile; that takes seconds on slow machines. */
const POLL_TIMEOUT_MS = 10_000;

export type RpcParts = { readonly clock: Clock; readonly metrics: MetricRegistry };

export class RpcQuestions {
  protected readonly access: RpcAccess;
  readonly #client: RpcClient;
  readonly #timeoutMs: number;

  /** @param timeoutMs for each question. 10 s. */
  constructor(access: RpcAccess, parts: RpcParts, timeoutMs: number = POLL_TIMEOUT_MS) {
    this.access = access;
    this.#timeoutMs = timeoutMs;
    const { endpoint, credentials } = access;
    this.#client = new RpcClient({ endpoint, credentials, agent: new Agent({ keepAlive: true }) }, parts);
  }

  /** @throws {RpcError | TemplateError} also where the pool cannot work on the node's chain. */
  async chainInfo(signal: AbortSignal): Promise<ChainInfo> {
    const result = await this.ask("getblockchaininfo", [], { signal });
    return chainInfoOf(result, { label: this.access.endpoint.label, network: this.access.network });
  }

  /** The tip's hash, 64 digits as the RPC prints it. */
  async bestBlockHash(signal: AbortSignal): Promise<string> {
    return this.#blockHash(await this.ask("getbestblockhash", [], { signal }), "its best");
  }

  /** The hash of the block at that height of the node's best chain. */
  async blockHashAt(height: number, signal: AbortSignal): Promise<string> {
    return this.#blockHash(await this.ask("getblockhash", [height], { signal }), `that of height ${height}`);
  }

  /** Whether the node's best chain has that block. Of its confirmations bcoin alone says some beside that chain too. */
  async isOnBestChain(block: Pick<BlockPlace, "hash" | "height">, signal: AbortSignal): Promise<boolean> {
    return (await this.blockHashAt(block.height, signal)) === block.hash;
  }

  #blockHash(result: unknown, which: string): string {
    if (isBlockHash(result)) return result;
    throw new RpcError("rpc-answer-invalid", `the node at ${this.access.endpoint.label} names no block as ${which}`);
  }

  /**
   * Where the block with that hash stands in the node's chain. Has a connection of its own while a template is fetched.
   * @throws {RpcError}
   */
  async blockPlace(hash: string, signal: AbortSignal): Promise<BlockPlace> {
    const place = blockPlaceOf(await this.header(hash, signal), { label: this.access.endpoint.label, hash });
    if (place.confirmations < 1 || (await this.isOnBestChain(place, signal))) return place;
    return { ...place, confirmations: -1 };
  }

  /**
   * What the node says of the block with that hash, as it came.
   * @throws {RpcError}
   */
  header(hash: string, signal: AbortSignal): Promise<unknown> {
    return this.ask("getblockheader", [hash, true], { signal });
  }

  /** @throws {RpcError} also where the node knows no such request. */
  async prefer(hash: string, signal: AbortSignal): Promise<void> {
    await this.ask("preciousblock", [hash], { signal });
  }

  /** @param limits over those of a short question with a small answer. */
  protected ask(
    method: RpcCall["method"],
    params: readonly unknown[],
    limits: Pick<RpcCall, "signal"> & Partial<Pick<RpcCall, "timeoutMs" | "maxAnswerBytes">>,
  ): Promise<unknown> {
    const usual = { timeoutMs: this.#timeoutMs, maxAnswerBytes: MAX_SMALL_ANSWER_BYTES };
    return this.#client.call({ method, params, ...usual, ...limits });
  }

  /** Ends all connections. */
  close(): void {
    this.#client.close();
  }
}
