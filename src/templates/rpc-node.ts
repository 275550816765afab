/**
 * The few things that a pool asks a node, each with the deadline and the limit on the answer that fit it, and with its
 * answer checked. Three agents, so that no request ever waits behind another kind: short calls, the longpoll, and
 * submission (a new connection for each block).
 */

import { Agent } from "node:http";
import type { Network } from "../bitcoin/network.ts";
import type { Clock } from "../core/clock.ts";
import type { MetricRegistry } from "../core/metrics.ts";
import { RpcError } from "./errors.ts";
import { type BlockPlace, blockPlaceOf } from "./rpc-block-place.ts";
import { type ChainInfo, chainInfoOf, isBlockHash } from "./rpc-chain-info.ts";
import { type RpcCall, RpcClient } from "./rpc-client.ts";
import type { RpcCredentials } from "./rpc-credentials.ts";
import type { RpcEndpoint } from "./rpc-endpoint.ts";
import { TransactionReader } from "./rpc-transactions.ts";
import { type GbtTemplate, templateFromGbt } from "./template-from-gbt.ts";

/** 4 MB of transactions as hexadecimal and, around each of 16,666, some 300 bytes of JSON: 13 MB. Rounded up. */
const MAX_TEMPLATE_ANSWER_BYTES = 32 * 1024 * 1024;
/** Arbitrary: `getblockchaininfo` has some 2 KiB, and more with warnings. */
const MAX_SMALL_ANSWER_BYTES = 256 * 1024;
/** A node that connects a block answers nobody meanwhile; that takes seconds on slow machines. */
const POLL_TIMEOUT_MS = 10_000;
/** Building a template takes seconds with a large mempool. */
const TEMPLATE_TIMEOUT_MS = 30_000;
/**
 * A longpoll that its client gives up holds one of Bitcoin Core's few RPC threads until the next tip or transaction:
 * on an idle network short timeouts would use them up. TCP keep-alive finds dead connections before.
 */
const LONGPOLL_TIMEOUT_MS = 3_600_000;
/** Checking a full block takes a slow node seconds. One that was too slow says `duplicate` at the next try. */
const SUBMIT_TIMEOUT_MS = 60_000;

export type RpcNodeOptions = {
  readonly endpoint: RpcEndpoint;
  readonly credentials: RpcCredentials;
  readonly network: Network;
  /** `Template.source`. */
  readonly sourceName: string;
};

export class RpcNode {
  readonly #options: RpcNodeOptions;
  readonly #clock: Clock;
  readonly #reader = new TransactionReader();
  readonly #short: RpcClient;
  readonly #waiting: RpcClient;
  readonly #submitting: RpcClient;

  constructor(options: RpcNodeOptions, parts: { clock: Clock; metrics: MetricRegistry }) {
    this.#options = options;
    this.#clock = parts.clock;
    const { endpoint, credentials } = options;
    this.#short = new RpcClient({ endpoint, credentials, agent: new Agent({ keepAlive: true }) }, parts);
    this.#waiting = new RpcClient({ endpoint, credentials, agent: new Agent({ keepAlive: true }) }, parts);
    this.#submitting = new RpcClient({ endpoint, credentials, agent: new Agent({ keepAlive: false }) }, parts);
  }

  /** @throws {RpcError | TemplateError} also where the pool cannot work on the node's chain. */
  async chainInfo(signal: AbortSignal): Promise<ChainInfo> {
    const result = await this.#ask("getblockchaininfo", [], signal);
    return chainInfoOf(result, { label: this.#options.endpoint.label, network: this.#options.network });
  }

  /** The tip's hash, 64 digits as the RPC prints it. */
  async bestBlockHash(signal: AbortSignal): Promise<string> {
    const result = await this.#ask("getbestblockhash", [], signal);
    if (isBlockHash(result)) return result;
    throw new RpcError("rpc-answer-invalid", `the node at ${this.#options.endpoint.label} names no block as its best`);
  }

  /**
   * Where the block with that hash stands in the node's chain. Has a connection of its own while a template is fetched.
   * @throws {RpcError}
   */
  async blockPlace(hash: string, signal: AbortSignal): Promise<BlockPlace> {
    const result = await this.#ask("getblockheader", [hash, true], signal);
    return blockPlaceOf(result, { label: this.#options.endpoint.label, hash });
  }

  /** @throws {RpcError} also where the node knows no such request. */
  async prefer(hash: string, signal: AbortSignal): Promise<void> {
    await this.#ask("preciousblock", [hash], signal);
  }

  /** A short question with a small answer. */
  #ask(method: RpcCall["method"], params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const limits = { timeoutMs: POLL_TIMEOUT_MS, maxAnswerBytes: MAX_SMALL_ANSWER_BYTES };
    return this.#short.call({ method, params, ...limits, signal });
  }

  template(signal: AbortSignal): Promise<GbtTemplate> {
    return this.#template(this.#short, { rules: ["segwit"] }, { timeoutMs: TEMPLATE_TIMEOUT_MS, signal });
  }

  /** Waits until the node has another template than the one with this id. */
  nextTemplate(longpollId: string, signal: AbortSignal): Promise<GbtTemplate> {
    const request = { rules: ["segwit"], longpollid: longpollId };
    return this.#template(this.#waiting, request, { timeoutMs: LONGPOLL_TIMEOUT_MS, signal });
  }

  async #template(
    client: RpcClient,
    request: Readonly<Record<string, unknown>>,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<GbtTemplate> {
    const result = await client.call({
      method: "getblocktemplate",
      params: [request],
      maxAnswerBytes: MAX_TEMPLATE_ANSWER_BYTES,
      ...limits,
    });
    return templateFromGbt(result, {
      source: this.#options.sourceName,
      network: this.#options.network,
      receivedAtMs: this.#clock.nowMs(),
      reader: this.#reader,
    });
  }

  /** The node's raw answer: null or a word. */
  submit(block: Uint8Array, signal: AbortSignal): Promise<unknown> {
    const hex = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString("hex");
    return this.#submitting.call({
      method: "submitblock",
      params: [hex],
      timeoutMs: SUBMIT_TIMEOUT_MS,
      maxAnswerBytes: MAX_SMALL_ANSWER_BYTES,
      signal,
    });
  }

  /** Ends all connections. */
  close(): void {
    for (const client of [this.#short, this.#waiting, this.#submitting]) client.close();
  }
}
