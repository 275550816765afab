/**
 * Brings one block to one node: submits it, again and again until the node has answered, and has it preferred where the node
 * holds it beside its best chain.
 */

import { Backoff } from "../core/backoff.ts";
import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { SpooledBlock } from "../ledger/spool.ts";
import type { BlockNode, BlockStanding, SubmitResult } from "../templates/block-node.ts";

/** Waits after a failed submission. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
const RETRY = { baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS };
/** Tries that are each said; from then on only one in `SAID_ONE_IN` is: with the longest wait, one a minute. */
const SAID_TRIES = 8;
const SAID_ONE_IN = 6;
/** The least time between two tries that are said while another node has accepted the block: it is not in danger. */
const SAID_EVERY_MS = 60_000;

/** What a delivery asks and tells the one that follows its block. */
export type DeliveryEvents = {
  /** Whether any node has the block, as far as is known. */
  isWithNode(): boolean;
  /** The node has taken the block or refused it. */
  onAnswer(answer: SubmitResult): void;
  /** The node was asked to prefer the block, which may stand elsewhere now. */
  onPreferred(): void;
};

const NOT_ANSWERED: SubmitResult = { kind: "failed", reason: "not answered" };

export class BlockDelivery {
  readonly #node: BlockNode;
  readonly #block: SpooledBlock;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #events: DeliveryEvents;
  #answer: SubmitResult = NOT_ANSWERED;
  /** The node was asked to prefer the block since it was last on its best chain. */
  #isPreferred = false;
  /** Before the block is submitted again to a node that has lost it: one that loses it each time is not flooded. */
  readonly #lostWaits = new Backoff(RETRY);
  /** By the monotonic clock; when it was last said that the node does not get the block. */
  #saidAtMs: number | undefined;
  #isFinished = false;
  #isLastTry = false;
  #running: Promise<void>;
  #wake: () => void = () => undefined;

  /** The block is on its way when it returns. */
  constructor(
    target: { readonly node: BlockNode; readonly block: SpooledBlock },
    parts: { readonly logger: Logger; readonly clock: Clock },
    events: DeliveryEvents,
  ) {
    this.#node = target.node;
    this.#block = target.block;
    this.#logger = parts.logger;
    this.#clock = parts.clock;
    this.#events = events;
    this.#running = this.#deliver(this.#submit());
  }

  /** What the node said last of the block; `failed` while it has not said anything. */
  get answer(): SubmitResult {
    return this.#answer;
  }

  /** Does what follows from where the block stands for this node, where it has taken the block before. */
  heed(standing: BlockStanding): void {
    if (standing.kind === "on-chain") {
      this.#isPreferred = false;
      this.#lostWaits.reset();
    }
    if (this.#isFinished || this.#answer.kind === "failed" || this.#answer.kind === "refused") return;
    if (standing.kind === "off-chain") void this.#prefer();
    if (standing.kind !== "unknown") return;
    const waitMs = this.#lostWaits.nextMs();
    this.#logger.warn("the node has lost the block, which is submitted again", { ...this.#context(), waitMs });
    this.#answer = NOT_ANSWERED;
    this.#running = this.#deliver(this.#afterWait(waitMs, () => this.#submit()));
  }

  /** Nothing more is asked of the node. */
  finish(): void {
    this.#isFinished = true;
    this.#wake();
  }

  /** A submission that waits for a retry makes a last one, which has begun when it returns. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#isLastTry = true;
    this.#wake();
    await this.#running;
  }

  async #deliver(first: Promise<SubmitResult>): Promise<void> {
    let result = await first;
    const waits = new Backoff(RETRY);
    let isLast = false;
    for (let tries = 1; result.kind === "failed" && !this.#isFinished && !isLast; tries += 1) {
      const waitMs = waits.nextMs();
      this.#sayTry(tries, { reason: result.reason, waitMs: this.#isLastTry ? 0 : waitMs });
      result = await this.#afterWait(waitMs, () => {
        isLast = this.#isLastTry;
        return this.#submit();
      });
    }
    if (this.#isFinished) return;
    this.#say(result);
    if (result.kind === "failed") return;
    this.#answer = result;
    this.#events.onAnswer(result);
    if (result.kind === "inconclusive") await this.#prefer();
  }

  /** A node that throws, though none should, has not taken the block: it is tried again, and others are not held up. */
  async #submit(): Promise<SubmitResult> {
    try {
      return await this.#node.submitBlock(this.#block.block);
    } catch (error) {
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Once, until the block was on the node's best chain again. */
  async #prefer(): Promise<void> {
    if (this.#isPreferred || this.#isFinished) return;
    this.#isPreferred = true;
    try {
      await this.#node.preferBlock(this.#block.hash);
    } catch {
      // As a node that knows no such request: where the block stands shows what came of it.
    }
    if (!this.#isFinished) this.#events.onPreferred();
  }

  /** What `attempt` gives, called after that time, or as soon as the block is finished or the pool stops. */
  #afterWait(waitMs: number, attempt: () => Promise<SubmitResult>): Promise<SubmitResult> {
    if (this.#isLastTry) return attempt();
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#wake = () => undefined;
        resolve(this.#isFinished ? NOT_ANSWERED : attempt());
      };
      const timer = this.#clock.after(waitMs, wake);
      this.#wake = wake;
    });
  }

  #context(): Readonly<Record<string, unknown>> {
    const { height, hash } = this.#block;
    return { height, hash: toHex(reversed(hash)), node: this.#node.name };
  }

  #sayTry(tries: number, facts: { readonly reason: string; readonly waitMs: number }): void {
    const message = "block not delivered, trying again";
    const nowMs = this.#clock.monotonicMs();
    const isSafe = this.#events.isWithNode();
    const isDue = this.#saidAtMs === undefined || nowMs - this.#saidAtMs >= SAID_EVERY_MS;
    if (isSafe ? !isDue : tries > SAID_TRIES && tries % SAID_ONE_IN !== 0) return;
    this.#saidAtMs = nowMs;
    const context = { ...this.#context(), ...facts };
    if (isSafe) this.#logger.info(message, context);
    else this.#logger.warn(message, context);
  }

  #say(result: SubmitResult): void {
    const context = this.#context();
    switch (result.kind) {
      case "accepted":
        return this.#logger.info("block accepted", context);
      case "inconclusive":
        return this.#logger.warn("block stored by the node, but not on its best chain", context);
      case "refused":
        return this.#logger.error("block refused", { ...context, reason: result.reason });
      case "failed": {
        const { reason } = result;
        if (!this.#events.isWithNode()) return this.#logger.error("block not delivered", { ...context, reason });
        return this.#logger.warn("block not delivered to this node, but another one has it", { ...context, reason });
      }
    }
  }
}
