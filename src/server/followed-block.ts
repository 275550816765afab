/**
 * One found block, from its first submission until its fate is known: what the nodes answer, where it stands on their
 * chains, and its file in the spool, put together. Nothing that the spool or the ledger does holds up a submission.
 */

import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter } from "../core/metrics.ts";
import type { BlockFate, ShareLedger } from "../ledger/ledger.ts";
import type { KeptBlock, SpooledBlock } from "../ledger/spool.ts";
import type { BlockNode, BlockStanding, SubmitResult } from "../templates/block-node.ts";
import { BlockConfirmation, verdictOf } from "./block-confirmation.ts";
import { BlockDelivery } from "./block-delivery.ts";
import { BlockFates, type KnownFate } from "./block-fates.ts";

/** Of a block that is finished. */
type FinalFate = Extract<BlockFate, "refused" | "confirmed" | "orphaned">;

export type FollowingParts = {
  readonly nodes: readonly BlockNode[];
  readonly ledger: ShareLedger;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Counts blocks, each once for each of these. */
  readonly counters: Readonly<Record<"accepted" | FinalFate, Counter>>;
};

export class FollowedBlock {
  /** Resolves once the block is in the spool, a node has it, or it is finished. */
  readonly secured: Promise<void>;
  /** Resolves once its fate is known and recorded, and its file is gone. */
  readonly ended: Promise<void>;
  readonly #block: SpooledBlock;
  readonly #parts: FollowingParts;
  readonly #deliveries: readonly BlockDelivery[];
  readonly #kept: KeptBlock;
  readonly #fates: BlockFates;
  readonly #confirmation: BlockConfirmation;
  #isAccepted = false;
  #isFinished = false;
  #stopping: Promise<void> | undefined;
  #onSecured: () => void = () => undefined;
  #onEnded: () => void = () => undefined;

  /** Submissions to all nodes have begun when it returns, and before `keep` is called. */
  constructor(block: SpooledBlock, keep: () => KeptBlock, parts: FollowingParts) {
    this.#block = block;
    this.#parts = parts;
    const { nodes, clock } = parts;
    const events = {
      isWithNode: () => this.#isWithNode(),
      onAnswer: (answer: SubmitResult) => this.#onAnswer(answer),
      onPreferred: () => this.check(),
    };
    this.#deliveries = nodes.map((node) => new BlockDelivery({ node, block }, parts, events));
    this.#kept = keep();
    this.#fates = new BlockFates(block, parts);
    const { hash } = block;
    this.#confirmation = new BlockConfirmation({ nodes, hash }, clock, (standings) => this.#onStandings(standings));
    this.secured = new Promise((resolve) => {
      this.#onSecured = resolve;
    });
    void this.#kept.durable.then(this.#onSecured);
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  get height(): number {
    return this.#block.height;
  }

  /** A node has accepted it at some time. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** @param ask what the ledger knows of a block of an earlier process; without it the block is new. */
  record(ask?: () => Promise<KnownFate>): void {
    if (ask === undefined) this.#fates.set("submitted");
    else this.#fates.resume(ask);
  }

  /** It may stand elsewhere now: the nodes are asked. */
  check(): void {
    if (!this.#isFinished && this.#stopping === undefined) this.#confirmation.soon();
  }

  /** It is not followed any more. Its file stays for the next start where no node has accepted it. */
  giveWay(): void {
    this.#finish();
    if (this.#isAccepted) void this.#kept.remove();
  }

  /**
   * Nodes that have not answered get a last try, which has begun when it returns, and so does the ledger. Resolves when all
   * of that has ended; the file of a block that is not finished stays.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#confirmation.finish();
    await Promise.all(this.#deliveries.map((delivery) => delivery.stop()));
    await this.#fates.stop();
    if (this.#isFinished) await this.ended;
  }

  #onAnswer({ kind }: SubmitResult): void {
    if (this.#isFinished) return;
    if (kind === "accepted") this.#accept();
    if (kind === "inconclusive") {
      // The node has it all the same: it outlives this process.
      this.#onSecured();
      if (!this.#isAccepted) this.#fates.set("inconclusive");
    }
    if (kind === "refused" && this.#isRefusedByAll()) {
      this.#end("refused");
      return;
    }
    this.check();
  }

  /** A node has accepted it and not lost it since, as far as is known. */
  #isWithNode(): boolean {
    const isBeside = this.#fates.fate === "inconclusive";
    return !isBeside && this.#deliveries.some(({ answer }) => answer.kind === "accepted");
  }

  #isRefusedByAll(): boolean {
    return this.#deliveries.every(({ answer }) => answer.kind === "refused");
  }

  #accept(): void {
    this.#fates.set("accepted");
    this.#onSecured();
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    this.#parts.counters.accepted.add(1);
  }

  #onStandings(standings: readonly BlockStanding[]): void {
    const { fate } = this.#fates;
    switch (verdictOf(standings, this.#block.height)) {
      case "confirmed":
        this.#end("confirmed");
        return;
      case "buried":
        // A block that no node has taken is not one that has lost its race.
        this.#end(this.#wasTaken() ? "orphaned" : "refused");
        return;
      case "on-chain":
        if (fate === "inconclusive") this.#parts.logger.info("block on a node's best chain", this.#context());
        this.#accept();
        break;
      case "off-chain":
        if (fate !== "accepted") break;
        this.#parts.logger.warn("block off the best chain", this.#context());
        this.#fates.set("inconclusive");
        break;
      case "unclear":
        break;
    }
    for (const [index, delivery] of this.#deliveries.entries()) {
      const standing = standings[index];
      if (standing !== undefined) delivery.heed(standing);
    }
  }

  /** Whether a node has taken it at some time, or none has refused it. */
  #wasTaken(): boolean {
    const kinds = new Set(this.#deliveries.map(({ answer }) => answer.kind));
    return this.#isAccepted || kinds.has("inconclusive") || !kinds.has("refused");
  }

  #end(fate: FinalFate): void {
    const { logger, counters } = this.#parts;
    const refusal = this.#deliveries.find(({ answer }) => answer.kind === "refused")?.answer;
    const reason = refusal?.kind === "refused" && fate === "refused" ? refusal.reason : undefined;
    this.#finish();
    counters[fate].add(1);
    this.#fates.set(fate, reason);
    switch (fate) {
      case "confirmed":
        logger.info("block confirmed", this.#context());
        break;
      case "orphaned":
        logger.warn("block orphaned: the chain has gone on without it", this.#context());
        break;
      case "refused":
        logger.error("block refused by every node that answered", { ...this.#context(), reason });
        break;
    }
    void this.#clear(fate);
  }

  /** The file goes once the ledger has the fate: until then a restart would have to find it out again. */
  async #clear(fate: FinalFate): Promise<void> {
    if (await this.#fates.stored()) {
      if (fate === "refused") await this.#kept.setAside();
      else await this.#kept.remove();
    }
    this.#onEnded();
  }

  #finish(): void {
    this.#isFinished = true;
    for (const delivery of this.#deliveries) delivery.finish();
    this.#confirmation.finish();
    this.#onSecured();
  }

  #context(): Readonly<Record<string, unknown>> {
    const { height, hash, userIdentity: user } = this.#block;
    return { height, hash: toHex(reversed(hash)), user };
  }
}
