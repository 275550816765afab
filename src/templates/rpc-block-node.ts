/**
 * A Bitcoin node over its JSON-RPC as the place where blocks go: it is given them, told to prefer them, and asked what
 * became of them. Its connections are its own: no block, and no question about one, ever waits behind a template.
 */

import { setMaxListeners } from "node:events";
import { Agent } from "node:http";
import { sha256d } from "../bitcoin/hash.ts";
import { HEADER_BYTES } from "../bitcoin/header.ts";
import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { BlockNode, BlockStanding, SubmitResult } from "./block-node.ts";
import { type RpcAccessOptions, rpcAccess } from "./rpc-access.ts";
import { blockStandingFrom } from "./rpc-block-standing.ts";
import { RpcClient } from "./rpc-client.ts";
import { MAX_SMALL_ANSWER_BYTES, type RpcParts, RpcQuestions } from "./rpc-questions.ts";
import { submitFailureOf, submitResultOf } from "./rpc-submit.ts";

/** Checking a full block takes a slow node seconds. One that was too slow says `duplicate` at the next try. */
const SUBMIT_TIMEOUT_MS = 60_000;
/** Submissions under way at the stop may take this much longer; the pool stops within 5 s. */
const SUBMIT_GRACE_MS = 3_000;

export type RpcBlockNodeOptions = RpcAccessOptions & {
  /** The node has accepted the block with that hash, 64 digits as the RPC prints it: it may be the new tip. */
  readonly onAccepted?: (hash: string) => void;
};

export class RpcBlockNode implements BlockNode {
  readonly name: string;
  readonly #onAccepted: (hash: string) => void;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #questions: RpcQuestions;
  /** A new connection for each block: none that was kept may be closed by now. */
  readonly #submitting: RpcClient;
  /** Ends what is asked about blocks. */
  readonly #stop = new AbortController();
  readonly #stopSubmissions = new AbortController();
  readonly #submissions = new Set<Promise<SubmitResult>>();

  /** @throws {TemplateError} `node-options-invalid`. */
  constructor(options: RpcBlockNodeOptions, { logger, ...parts }: RpcParts & { readonly logger: Logger }) {
    const access = rpcAccess(options);
    const { endpoint, credentials, name } = access;
    this.name = name;
    this.#onAccepted = options.onAccepted ?? (() => undefined);
    this.#logger = logger.child({ node: name });
    this.#clock = parts.clock;
    this.#questions = new RpcQuestions(access, parts);
    this.#submitting = new RpcClient({ endpoint, credentials, agent: new Agent({ keepAlive: false }) }, parts);
    // Any number of blocks may be under way at once.
    setMaxListeners(0, this.#stopSubmissions.signal, this.#stop.signal);
  }

  submitBlock(block: Uint8Array): Promise<SubmitResult> {
    if (this.#stop.signal.aborted) {
      return Promise.resolve({ kind: "failed", reason: `the pool stops, and asks ${this.name} no more` });
    }
    const submission = this.#submit(block).finally(() => this.#submissions.delete(submission));
    this.#submissions.add(submission);
    return submission;
  }

  async #submit(block: Uint8Array): Promise<SubmitResult> {
    try {
      const hex = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString("hex");
      const answer = await this.#submitting.call({
        method: "submitblock",
        params: [hex],
        timeoutMs: SUBMIT_TIMEOUT_MS,
        maxAnswerBytes: MAX_SMALL_ANSWER_BYTES,
        signal: this.#stopSubmissions.signal,
      });
      const result = submitResultOf(answer);
      // It may be the new tip: no need to wait until that is announced.
      if (result.kind === "accepted") this.#onAccepted(hashOf(block));
      return result;
    } catch (error) {
      return submitFailureOf(error);
    }
  }

  async preferBlock(hash: Uint8Array): Promise<boolean> {
    try {
      await this.#questions.prefer(toHex(reversed(hash)), this.#stop.signal);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.debug("the node was not told to prefer a block", { reason });
      return false;
    }
  }

  blockStanding(hash: Uint8Array): Promise<BlockStanding> {
    return blockStandingFrom(this.#questions, toHex(reversed(hash)), this.#stop.signal);
  }

  /** Ends all questions, and lets submissions under way come to their end, for up to 3 s. No new one is sent. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#submissionsEnd();
    this.#stopSubmissions.abort();
    this.#submitting.close();
    this.#questions.close();
  }

  async #submissionsEnd(): Promise<void> {
    if (this.#submissions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(SUBMIT_GRACE_MS, resolve);
      void Promise.all(this.#submissions).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

/** 64 digits as the RPC prints it. */
function hashOf(block: Uint8Array): string {
  return toHex(reversed(sha256d(block.subarray(0, HEADER_BYTES))));
}
