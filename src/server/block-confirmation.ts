/** Asks all nodes where a block stands, again and again, and judges what they say together. */

import type { Clock, Timer } from "../core/clock.ts";
import type { BlockNode, BlockStanding } from "../templates/block-node.ts";

/** Blocks from this one up to the tip with which it counts: exchanges and Bitcoin Core's wallet take as many. */
const CONFIRMATIONS = 6;
/** Blocks by which the chain has gone on without it, after which no node comes back to it. */
const BURIED_BY = 6;
/** First wait between two rounds of questions; doubled each time up to the longest. Arbitrary: blocks come minutes apart. */
const FIRST_CHECK_MS = 10_000;
const LONGEST_CHECK_MS = 60_000;
/** A node asks itself twice, with 10 s for each. */
const STANDING_TIMEOUT_MS = 30_000;

/**
 * - `confirmed`: deep enough on the best chain that any node tells of.
 * - `on-chain`: on a node's best chain.
 * - `off-chain`: nodes are at its height, or above, without it.
 * - `buried`: off-chain for good.
 * - `unclear`: no node that has come so far has said anything.
 */
export type Verdict = "confirmed" | "on-chain" | "off-chain" | "buried" | "unclear";

/** @param standings one of each node. @param height of the block. */
export function verdictOf(standings: readonly BlockStanding[], height: number): Verdict {
  let confirmations = 0;
  // What a node says that is behind the block's height is nothing about the block.
  let tipWithout = 0;
  for (const standing of standings) {
    if (standing.kind === "on-chain") confirmations = Math.max(confirmations, standing.confirmations);
    else if (standing.kind !== "failed") tipWithout = Math.max(tipWithout, standing.tipHeight);
  }
  if (confirmations > 0) {
    const tipWith = height + confirmations - 1;
    return confirmations >= CONFIRMATIONS && tipWith >= tipWithout ? "confirmed" : "on-chain";
  }
  if (tipWithout >= height + BURIED_BY) return "buried";
  return tipWithout >= height ? "off-chain" : "unclear";
}

export class BlockConfirmation {
  readonly #nodes: readonly BlockNode[];
  readonly #hash: Uint8Array;
  readonly #clock: Clock;
  readonly #onStandings: (standings: readonly BlockStanding[]) => void;
  #waitMs = FIRST_CHECK_MS;
  #timer: Timer | undefined;
  #isAsking = false;
  /** Something has happened since the present round began. */
  #isOutdated = false;
  #isFinished = false;

  /** @param onStandings called after each round, with one standing of each node in their order. */
  constructor(
    target: { readonly nodes: readonly BlockNode[]; readonly hash: Uint8Array },
    clock: Clock,
    onStandings: (standings: readonly BlockStanding[]) => void,
  ) {
    this.#nodes = target.nodes;
    this.#hash = target.hash;
    this.#clock = clock;
    this.#onStandings = onStandings;
    this.#wait();
  }

  /** Something has happened: the nodes are asked now. */
  soon(): void {
    this.#waitMs = FIRST_CHECK_MS;
    if (this.#isAsking) this.#isOutdated = true;
    else void this.#ask();
  }

  /** Nothing is asked any more, and nothing that was asked is told. */
  finish(): void {
    this.#isFinished = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#clock.after(this.#waitMs, () => void this.#ask());
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_CHECK_MS);
  }

  async #ask(): Promise<void> {
    if (this.#isFinished) return;
    this.#timer?.cancel();
    this.#isAsking = true;
    this.#isOutdated = false;
    const standings = await Promise.all(this.#nodes.map((node) => this.#standing(node)));
    this.#isAsking = false;
    if (this.#isFinished) return;
    this.#onStandings(standings);
    if (this.#isFinished) return;
    if (this.#isOutdated) void this.#ask();
    else this.#wait();
  }

  /** A node that hangs holds up the others no longer than that. */
  #standing(node: BlockNode): Promise<BlockStanding> {
    return new Promise((resolve) => {
      const late = (): void => resolve({ kind: "failed", reason: "no answer" });
      const timer = this.#clock.after(STANDING_TIMEOUT_MS, late);
      void standingOf(node, this.#hash).then((standing) => {
        timer.cancel();
        resolve(standing);
      });
    });
  }
}

/** A node that throws, though none should, has not said anything. */
async function standingOf(node: BlockNode, hash: Uint8Array): Promise<BlockStanding> {
  try {
    return await node.blockStanding(hash);
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}
