/**
 * Gets found blocks to the network: each at once to every node there is, then into the spool, and follows it until the chain
 * has confirmed or buried it. What an earlier process left in the spool is submitted again. No check of ours stands in the
 * way of a block.
 */

import { reversed, toHex } from "../core/bytes.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter, MetricRegistry } from "../core/metrics.ts";
import type { BlockFate, ShareLedger } from "../ledger/ledger.ts";
import {
  type BlockSpool,
  type KeptBlock,
  type LeftBlock,
  MAX_SPOOLED_BLOCKS,
  type SpooledBlock,
} from "../ledger/spool.ts";
import type { BlockFound } from "../mining/solved-block.ts";
import type { BlockNode } from "../templates/block-node.ts";
import type { KnownFate } from "./block-fates.ts";
import { FollowedBlock, type FollowingParts } from "./followed-block.ts";
import { GatedNode } from "./gated-node.ts";

export type BlockSubmitterOptions = {
  readonly nodes: readonly BlockNode[];
  readonly ledger: ShareLedger;
  readonly spool: BlockSpool;
};

/** Hashes of blocks that are remembered, so that a repeated share is no second submission. Arbitrary. */
const REMEMBERED_BLOCKS = 256;
/** After a new tip the nodes are busy with its template, which is what all miners wait for. */
const CHECK_AFTER_TIP_MS = 1_000;

export class BlockSubmitter {
  readonly #options: BlockSubmitterOptions;
  readonly #parts: FollowingParts;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #found: Counter;
  readonly #seen = new Set<string>();
  /** By hash, the one that came first first. */
  readonly #followed = new Map<string, FollowedBlock>();
  /** What the ledger knows is asked. */
  #asking: Promise<ReadonlyMap<string, BlockFate> | undefined> | undefined;
  #tipCheck: Timer | undefined;
  #isStopped = false;

  constructor(
    options: BlockSubmitterOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
    const { metrics, logger, clock } = context;
    this.#found = metrics.counter({ name: "adit_blocks_found_total", help: "Blocks that shares solved" });
    const counters = {
      accepted: metrics.counter({ name: "adit_blocks_accepted_total", help: "Blocks that a node accepted" }),
      refused: metrics.counter({ name: "adit_blocks_refused_total", help: "Blocks that every node refused" }),
      confirmed: metrics.counter({ name: "adit_blocks_confirmed_total", help: "Blocks deep on the best chain" }),
      orphaned: metrics.counter({ name: "adit_blocks_orphaned_total", help: "Blocks that the chain went on without" }),
    };
    const nodes = options.nodes.map((node) => new GatedNode(node));
    this.#parts = { nodes, ledger: options.ledger, logger, clock, counters };
  }

  /** Resolves once every block of the spool that can be read is on its way to every node. Never rejects. */
  async start(): Promise<void> {
    await this.#options.spool.read((left) => this.#resume(left.filter(({ block }) => !this.#isKnown(hashOf(block)))));
  }

  /** Submits a block; the bytes are on their way to every node when it returns. The same hash a second time is ignored. */
  submit({ hash, height, userIdentity, channel, block: bytes }: BlockFound): void {
    const foundAtMs = this.#clock.nowMs();
    const block: SpooledBlock = { hash, height, userIdentity, channel, foundAtMs, block: bytes };
    if (this.#isKnown(hashOf(block))) return;
    const followed = this.#follow(block, () => this.#options.spool.keep(block));
    this.#found.add(1);
    this.#logger.info("block found", {
      height,
      hash: hashOf(block),
      user: userIdentity,
      channel,
      sizeBytes: bytes.length,
    });
    followed.record();
  }

  /** The chain has a new tip: whether it buries or confirms blocks is asked a little later. */
  onNewTip(): void {
    if (this.#followed.size === 0 || this.#isStopped) return;
    this.#tipCheck ??= this.#clock.after(CHECK_AFTER_TIP_MS, () => {
      this.#tipCheck = undefined;
      for (const followed of this.#followed.values()) followed.check();
    });
  }

  /** Resolves once each block found so far is in the spool, or a node has it, or it is finished. Never rejects. */
  async spooled(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ secured }) => secured));
  }

  /**
   * Resolves when no submission is under way and the ledger knows what became of each. Those that wait for a retry make
   * a last one now: it has begun when `stop` returns its promise, so that the nodes may be stopped next. What is not
   * finished stays in the spool.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#tipCheck?.cancel();
    const stopped = new Set<FollowedBlock>();
    for (;;) {
      const others = [...this.#followed.values()].filter((followed) => !stopped.has(followed));
      if (others.length === 0) break;
      await Promise.all(others.map((followed) => followed.stop()));
      for (const followed of others) stopped.add(followed);
    }
    await this.#options.spool.close();
  }

  #resume(left: readonly LeftBlock[]): void {
    const followed = left.map(({ block, kept }) => this.#follow(block, () => kept));
    for (const { block } of left) {
      const { height, userIdentity: user, foundAtMs } = block;
      const found = new Date(foundAtMs).toISOString();
      this.#logger.info("block submitted again after a restart", { height, hash: hashOf(block), user, found });
    }
    for (const [index, { block }] of left.entries()) followed[index]?.record(() => this.#fateOf(block));
  }

  #isKnown(hash: string): boolean {
    return this.#seen.has(hash) || this.#followed.has(hash);
  }

  #follow(block: SpooledBlock, keep: () => KeptBlock): FollowedBlock {
    const hash = hashOf(block);
    const followed = new FollowedBlock(block, keep, this.#parts);
    if (this.#followed.size >= MAX_SPOOLED_BLOCKS) this.#makeRoom();
    this.#seen.add(hash);
    dropOldest(this.#seen, REMEMBERED_BLOCKS);
    this.#followed.set(hash, followed);
    void followed.ended.then(() => this.#followed.delete(hash));
    if (this.#isStopped) void followed.stop();
    return followed;
  }

  /** The oldest that a node has accepted gives way, or the oldest of all. */
  #makeRoom(): void {
    const all = [...this.#followed];
    const [hash, oldest] = all.find(([, { isAccepted }]) => isAccepted) ?? all[0] ?? [];
    if (hash === undefined || oldest === undefined) return;
    this.#followed.delete(hash);
    oldest.giveWay();
    const { height } = oldest;
    this.#logger.warn("too many blocks without a fate: the oldest is not followed any more", { height, hash });
  }

  async #fateOf(block: SpooledBlock): Promise<KnownFate> {
    // All that ask before it answers share the answer.
    this.#asking ??= this.#knownFates();
    const fates = await this.#asking;
    this.#asking = undefined;
    return fates === undefined ? "unknown" : (fates.get(hashOf(block)) ?? "unrecorded");
  }

  /** By hash; undefined where the ledger cannot say. */
  async #knownFates(): Promise<ReadonlyMap<string, BlockFate> | undefined> {
    try {
      const blocks = await this.#options.ledger.blocks();
      return new Map(blocks.map((block) => [hashOf(block), block.fate]));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error("the ledger does not say what it knows of the spool's blocks, trying again", { reason });
      return undefined;
    }
  }
}

/** As explorers print it. */
function hashOf({ hash }: { readonly hash: Uint8Array }): string {
  return toHex(reversed(hash));
}
