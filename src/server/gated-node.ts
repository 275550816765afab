/**
 * A node that is not flooded: where blocks are so easy that each share solves one, as on a test network, thousands would be
 * submitted and asked after at once. On any other network no call ever waits here.
 */

import type { BlockNode, BlockStanding, SubmitResult } from "../templates/block-node.ts";
import { CallGate } from "./call-gate.ts";

/** So many that hang, for a minute each, keep no further block from the node. Arbitrary. */
const MAX_SUBMISSIONS = 16;
/** Arbitrary. */
const MAX_QUESTIONS = 4;
/** Of each kind: as many as blocks are followed. */
const MAX_WAITING_CALLS = 1_024;

const FAILED = { kind: "failed", reason: "too many blocks are on their way to this node" } as const;

export class GatedNode implements BlockNode {
  readonly #node: BlockNode;
  readonly #submissions = new CallGate({ maxAtOnce: MAX_SUBMISSIONS, maxWaiting: MAX_WAITING_CALLS });
  readonly #questions = new CallGate({ maxAtOnce: MAX_QUESTIONS, maxWaiting: MAX_WAITING_CALLS });

  constructor(node: BlockNode) {
    this.#node = node;
  }

  get name(): string {
    return this.#node.name;
  }

  submitBlock(block: Uint8Array): Promise<SubmitResult> {
    return this.#submissions.run(async () => this.#node.submitBlock(block), FAILED);
  }

  preferBlock(hash: Uint8Array): Promise<boolean> {
    return this.#questions.run(async () => this.#node.preferBlock(hash), false);
  }

  blockStanding(hash: Uint8Array): Promise<BlockStanding> {
    return this.#questions.run(async () => this.#node.blockStanding(hash), FAILED);
  }

  stop(): Promise<void> {
    return this.#node.stop();
  }
}
