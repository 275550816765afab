/**
 * What a source of templates asks a node: the short questions, and its templates, each with the deadline and the limit on
 * the answer that fit it. Two agents, so that no short call waits behind a longpoll. Blocks go another way.
 */

import { Agent } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { RpcAccess } from "./rpc-access.ts";
import { RpcClient } from "./rpc-client.ts";
import { type RpcParts, RpcQuestions } from "./rpc-questions.ts";
import { TransactionReader } from "./rpc-transactions.ts";
import { type GbtTemplate, templateFromGbt } from "./template-from-gbt.ts";

/** 4 MB of transactions as hexadecimal and, around each of 16,666, some 300 bytes of JSON: 13 MB. Rounded up. */
const MAX_TEMPLATE_ANSWER_BYTES = 32 * 1024 * 1024;
/** Building a template takes seconds with a large mempool. */
const TEMPLATE_TIMEOUT_MS = 30_000;
/**
 * A longpoll that its client gives up holds one of Bitcoin Core's few RPC threads until the next tip or transaction:
 * on an idle network short timeouts would use them up. TCP keep-alive finds dead connections before.
 */
const LONGPOLL_TIMEOUT_MS = 3_600_000;

export class RpcNode extends RpcQuestions {
  readonly #clock: Clock;
  readonly #reader = new TransactionReader();
  readonly #waiting: RpcClient;

  constructor(access: RpcAccess, parts: RpcParts) {
    super(access, parts);
    this.#clock = parts.clock;
    const { endpoint, credentials } = access;
    this.#waiting = new RpcClient({ endpoint, credentials, agent: new Agent({ keepAlive: true }) }, parts);
  }

  async template(signal: AbortSignal): Promise<GbtTemplate> {
    const limits = { timeoutMs: TEMPLATE_TIMEOUT_MS, maxAnswerBytes: MAX_TEMPLATE_ANSWER_BYTES, signal };
    return this.#templateOf(await this.ask("getblocktemplate", [{ rules: ["segwit"] }], limits));
  }

  /** Waits until the node has another template than the one with this id. */
  async nextTemplate(longpollId: string, signal: AbortSignal): Promise<GbtTemplate> {
    const result = await this.#waiting.call({
      method: "getblocktemplate",
      params: [{ rules: ["segwit"], longpollid: longpollId }],
      timeoutMs: LONGPOLL_TIMEOUT_MS,
      maxAnswerBytes: MAX_TEMPLATE_ANSWER_BYTES,
      signal,
    });
    return this.#templateOf(result);
  }

  #templateOf(result: unknown): GbtTemplate {
    return templateFromGbt(result, {
      source: this.access.name,
      network: this.access.network,
      receivedAtMs: this.#clock.nowMs(),
      reader: this.#reader,
    });
  }

  override close(): void {
    super.close();
    this.#waiting.close();
  }
}
