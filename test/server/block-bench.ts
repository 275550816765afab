/** A block submitter between two nodes, a ledger and a spool, which answer when a test tells them to. */

import { reversed, toHex } from "../../src/core/bytes.ts";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import type { BlockFound } from "../../src/mining/solved-block.ts";
import { BlockSubmitter } from "../../src/server/block-submitter.ts";
import type { BlockStanding, SubmitResult } from "../../src/templates/block-node.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { nextTurn } from "../support/wait.ts";
import { HeldLedger } from "./held-ledger.ts";
import { HeldSource } from "./held-source.ts";
import { HeldSpool } from "./held-spool.ts";

export const ACCEPTED: SubmitResult = { kind: "accepted" };
export const INCONCLUSIVE: SubmitResult = { kind: "inconclusive" };
export const REFUSED: SubmitResult = { kind: "refused", reason: "bad-txnmrklroot" };
export const FAILED: SubmitResult = { kind: "failed", reason: "the node does not answer" };

/** What nodes say of where a block stands; its height is 900,001. */
export const onChain = (confirmations: number): BlockStanding => ({ kind: "on-chain", confirmations });
export const offChain = (tipHeight = 900_001): BlockStanding => ({ kind: "off-chain", tipHeight });
export const unknown = (tipHeight = 900_001): BlockStanding => ({ kind: "unknown", tipHeight });
export const SILENT: BlockStanding = { kind: "failed", reason: "it does not say" };

/** Blocks differ by `index`. */
export function blockFound(index = 1): BlockFound {
  return {
    hash: new Uint8Array(32).map((_, byte) => (byte < 4 ? (index >>> (8 * byte)) & 0xff : 0)),
    height: 900_001,
    userIdentity: "alice.rig",
    channel: "7:2",
    block: new Uint8Array(100).fill(index & 0xff),
  };
}

/** As explorers print it. */
export const HASH = toHex(reversed(blockFound().hash));

export class BlockBench {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly metrics: MetricRegistry = createMetricRegistry();
  readonly ledger = new HeldLedger();
  readonly spool = new HeldSpool();
  readonly near = new HeldSource("near");
  readonly far = new HeldSource("far");
  readonly submitter: BlockSubmitter;

  constructor(options: { readonly nodes?: 1 | 2 } = {}) {
    const nodes = options.nodes === 2 ? [this.near, this.far] : [this.near];
    this.submitter = new BlockSubmitter({ nodes, ledger: this.ledger, spool: this.spool }, this);
  }

  /** The newest submission to a node is answered, and what follows from that happens. */
  async answer(node: HeldSource, result: SubmitResult): Promise<void> {
    node.answer(result);
    await nextTurn();
  }

  /** Time passes, and what follows from that happens. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await nextTurn();
  }

  /** The nodes are asked where the block stands, and what follows from that happens. */
  async check(near: BlockStanding, far: BlockStanding = SILENT): Promise<void> {
    this.near.standing = near;
    this.far.standing = far;
    this.submitter.onNewTip();
    await this.pass(1_000);
  }

  /** All records so far are stored, and those that follow from that. */
  async recordsEnd(): Promise<void> {
    for (let stored = 0; stored < this.ledger.records.length; stored += 1) {
      this.ledger.records[stored]?.resolve();
      await nextTurn();
    }
  }

  get fates(): string[] {
    return this.ledger.records.map(({ value }) => value.fate);
  }

  count(name: "found" | "accepted" | "refused" | "confirmed" | "orphaned"): number {
    return this.metrics.counter({ name: `adit_blocks_${name}_total`, help: "" }).value;
  }
}
