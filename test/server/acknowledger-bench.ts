/** An acknowledger between two channels and a ledger, which answers when a test tells it to. */

import { createMetricRegistry } from "../../src/core/metrics.ts";
import { Acknowledger, type AcknowledgerOptions } from "../../src/server/acknowledger.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { nextTurn } from "../support/wait.ts";
import { HeldLedger } from "./held-ledger.ts";
import { RecordingChannel } from "./recording-channel.ts";

export const INTERVAL_MS = 250;
export const RETRY_MS = 1_000;

export class AcknowledgerBench {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly metrics = createMetricRegistry();
  readonly ledger = new HeldLedger();
  readonly acknowledger: Acknowledger;
  readonly alice = new RecordingChannel(1, "alice");
  readonly bob = new RecordingChannel(2, "bob");

  constructor(options: Partial<AcknowledgerOptions> = {}) {
    this.acknowledger = new Acknowledger(
      { ledger: this.ledger, runId: "run", intervalMs: INTERVAL_MS, maxPendingShares: 100, ...options },
      this,
    );
  }

  /** The channel has an accepted share more, of difficulty 1. */
  accept(channel: RecordingChannel, { urgent = false } = {}): void {
    this.acknowledger.noteAccepted(channel.earn(1), urgent);
  }

  /** The accepted shares of each commit's first channel. */
  counts(): number[] {
    return this.ledger.commits.map(({ value }) => value.credits[0]?.acceptedShares ?? 0);
  }

  /** The commit at `index` becomes durable, and what follows from that happens. */
  async commitEnds(index: number): Promise<void> {
    await nextTurn();
    this.ledger.commits[index]?.resolve();
    await nextTurn();
  }

  async commitFails(index: number): Promise<void> {
    await nextTurn();
    this.ledger.commits[index]?.reject(new Error("the disk is full"));
    await this.clock.waiting(RETRY_MS);
  }
}
