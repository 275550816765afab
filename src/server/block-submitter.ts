/**
 * Gets a found block to the network: at once, to every node there is, and again until a node has answered. No
 * check of ours stands in its way.
 */

import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter, MetricRegistry } from "../core/metrics.ts";
import type { BlockRecord, ShareLedger } from "../ledger/ledger.ts";
import type { BlockFound } from "../mining/solved-block.ts";
import type { BlockNode, SubmitResult } from "../templates/block-node.ts";

export type BlockSubmitterOptions = {
  readonly nodes: readonly BlockNode[];
  readonly ledger: ShareLedger;
};

/** First wait after a failed submission; doubled each time up to the longest. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** After an hour a block has lost its race whatever a node says: some six others were found. */
const GIVE_UP_AFTER_MS = 3_600_000;
/** Hashes of submitted blocks that are remembered, so that a repeated share is no second submission. Arbitrary. */
const REMEMBERED_BLOCKS = 256;

export class BlockSubmitter {
  readonly #options: BlockSubmitterOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #found: Counter;
  readonly #accepted: Counter;
  readonly #refused: Counter;
  readonly #seen = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #stopped = false;
  readonly #wakeRetries = new Set<() => void>();

  constructor(
    options: BlockSubmitterOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
    const { metrics } = context;
    this.#found = metrics.counter({ name: "adit_blocks_found_total", help: "Blocks that shares solved" });
    this.#accepted = metrics.counter({ name: "adit_blocks_accepted_total", help: "Blocks that a node accepted" });
    this.#refused = metrics.counter({ name: "adit_blocks_refused_total", help: "Blocks that a node refused" });
  }

  /** Submits a block; the bytes are on their way to every node when it returns. The same hash a second time is ignored. */
  submit(block: BlockFound): void {
    const hash = toHex(reversed(block.hash));
    if (this.#seen.has(hash)) return;
    this.#seen.add(hash);
    dropOldest(this.#seen, REMEMBERED_BLOCKS);
    const attempts = this.#options.nodes.map((node) => ({ node, first: submitOnce(node, block.block) }));
    this.#found.add(1);
    this.#logger.info("block found", {
      height: block.height,
      hash,
      user: block.userIdentity,
      channel: block.channel,
      sizeBytes: block.block.length,
    });
    const work = this.#follow(block, hash, attempts).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  /**
   * Resolves when no submission is under way and the ledger knows what became of each. Those that wait for a retry make
   * a last one now: it has begun when `stop` returns its promise, so that the nodes may be stopped next.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const wake of [...this.#wakeRetries]) wake();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #follow(
    block: BlockFound,
    hash: string,
    attempts: readonly { readonly node: BlockNode; readonly first: Promise<SubmitResult> }[],
  ): Promise<void> {
    const { height, userIdentity } = block;
    const record = { hash: block.hash, height, userIdentity, foundAtMs: this.#clock.nowMs(), reason: undefined };
    // What the ledger does with it must not hold up the block.
    let recorded = this.#record({ ...record, fate: "submitted" });
    let accepted = false;
    const results = await Promise.all(
      attempts.map(async ({ node, first }) => {
        const result = await this.#untilAnswered(node, block, first);
        this.#log(result, { height, hash, node: node.name });
        if (result.kind === "accepted" && !accepted) {
          // Nothing that another node says changes this; one that is down would hold it up for an hour.
          accepted = true;
          this.#accepted.add(1);
          recorded = recorded.then(() => this.#record({ ...record, fate: "accepted" }));
        }
        return result;
      }),
    );
    await recorded;
    if (accepted) return;
    const refused = results.find((result) => result.kind === "refused");
    if (results.some(({ kind }) => kind === "inconclusive")) {
      await this.#record({ ...record, fate: "inconclusive" });
    } else if (refused !== undefined) {
      this.#refused.add(1);
      await this.#record({ ...record, fate: "refused", reason: refused.reason });
    }
  }

  async #record(block: BlockRecord): Promise<void> {
    try {
      await this.#options.ledger.recordBlock(block);
    } catch (error) {
      this.#logger.error("block could not be recorded", {
        hash: toHex(reversed(block.hash)),
        height: block.height,
        fate: block.fate,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #untilAnswered(node: BlockNode, block: BlockFound, first: Promise<SubmitResult>): Promise<SubmitResult> {
    const giveUpAtMs = this.#clock.monotonicMs() + GIVE_UP_AFTER_MS;
    let result = await first;
    let waitMs = FIRST_RETRY_MS;
    let lastTry = false;
    while (result.kind === "failed" && !lastTry && this.#clock.monotonicMs() < giveUpAtMs) {
      const { reason } = result;
      const context = { height: block.height, node: node.name, reason };
      this.#logger.warn("block not delivered, trying again", { ...context, waitMs: this.#stopped ? 0 : waitMs });
      result = await this.#afterWait(waitMs, () => {
        lastTry = this.#stopped;
        return submitOnce(node, block.block);
      });
      waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS);
    }
    return result;
  }

  /** What `attempt` gives, called after that time or as soon as the pool stops. */
  #afterWait<T>(waitMs: number, attempt: () => Promise<T>): Promise<T> {
    if (this.#stopped) return attempt();
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#wakeRetries.delete(wake);
        resolve(attempt());
      };
      const timer = this.#clock.after(waitMs, wake);
      this.#wakeRetries.add(wake);
    });
  }

  #log(result: SubmitResult, context: Readonly<Record<string, unknown>>): void {
    switch (result.kind) {
      case "accepted":
        return this.#logger.info("block accepted", context);
      case "inconclusive":
        return this.#logger.warn("block stored by the node, but not on its best chain", context);
      case "refused":
        return this.#logger.error("block refused", { ...context, reason: result.reason });
      case "failed":
        return this.#logger.error("block not delivered", { ...context, reason: result.reason });
    }
  }
}

/** A node that throws, though none should, has not delivered the block: it is tried again, and others are not held up. */
async function submitOnce(node: BlockNode, block: Uint8Array): Promise<SubmitResult> {
  try {
    return await node.submitBlock(block);
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}
