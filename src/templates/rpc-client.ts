/**
 * Calls of a node's JSON-RPC over one agent's connections. A refused cookie is read again and the call repeated once.
 * Everything else that goes wrong is the caller's to handle.
 */

import type { Agent } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { Counter, MetricRegistry } from "../core/metrics.ts";
import { resultOf } from "./rpc-answer.ts";
import type { RpcCredentials } from "./rpc-credentials.ts";
import type { RpcEndpoint } from "./rpc-endpoint.ts";
import { postOnce } from "./rpc-http.ts";

export type RpcCall = {
  readonly method:
    | "getblockchaininfo"
    | "getbestblockhash"
    | "getblockhash"
    | "getblockheader"
    | "getblocktemplate"
    | "preciousblock"
    | "submitblock";
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
};

export type RpcClientOptions = {
  readonly endpoint: RpcEndpoint;
  readonly credentials: RpcCredentials;
  /** Belongs to this client: `close` destroys it. */
  readonly agent: Agent;
};

export class RpcClient {
  readonly #options: RpcClientOptions;
  readonly #clock: Clock;
  readonly #failures: Counter;
  #lastRequestId = 0;

  constructor(options: RpcClientOptions, { clock, metrics }: { clock: Clock; metrics: MetricRegistry }) {
    this.#options = options;
    this.#clock = clock;
    this.#failures = metrics.counter({
      name: "adit_rpc_failures_total",
      help: "JSON-RPC calls to the node that brought no result",
    });
  }

  /**
   * The result of one call.
   * @throws {RpcError}
   */
  async call(call: RpcCall): Promise<unknown> {
    try {
      return await this.#call(call);
    } catch (error) {
      if (!call.signal.aborted) this.#failures.add(1);
      throw error;
    }
  }

  async #call(call: RpcCall): Promise<unknown> {
    const { endpoint, credentials } = this.#options;
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    const body = JSON.stringify({ jsonrpc: "2.0", id: requestId, method: call.method, params: call.params });
    if (credentials.header === undefined) await credentials.reload();
    const usedHeader = credentials.header;
    let answer = await this.#post(call, body);
    if (answer.status === 401) {
      await credentials.reload();
      if (credentials.header !== usedHeader) answer = await this.#post(call, body);
    }
    const { method } = call;
    return resultOf(answer, { label: endpoint.label, method, requestId, credentialAdvice: credentials.advice });
  }

  #post(call: RpcCall, body: string): ReturnType<typeof postOnce> {
    const { endpoint, credentials, agent } = this.#options;
    const { timeoutMs, maxAnswerBytes, signal } = call;
    const authorization = credentials.header;
    return postOnce({ endpoint, agent, authorization, body, timeoutMs, maxAnswerBytes, signal, clock: this.#clock });
  }

  /** Ends all connections, those under way too. */
  close(): void {
    this.#options.agent.destroy();
  }
}
