/** A pool in the model, with its acknowledgements and a ledger that fails when it is told to; no socket, no real time. */

import { createMetricRegistry } from "../../src/core/metrics.ts";
import type { ShareBatchCommit } from "../../src/ledger/ledger.ts";
import { MemoryLedger } from "../../src/ledger/memory-ledger.ts";
import type { Channel } from "../../src/mining/channel.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { Acknowledger } from "../../src/server/acknowledger.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { SubmitSharesError } from "../../src/wire/share-messages.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { must } from "../support/must.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { nextTurn } from "../support/wait.ts";
import { ModelPayouts, type PayoutMode } from "./model-payouts.ts";
import { MINING, PoolHarness } from "./session-fixture.ts";

/** A ledger that loses its connection, before or after it has stored what it was given. */
class FailingLedger extends MemoryLedger {
  readonly failures: ("before" | "after")[] = [];
  /** Tried, with whatever outcome. */
  commits = 0;

  override async commit(batch: ShareBatchCommit): Promise<void> {
    this.commits += 1;
    const failure = this.failures.shift();
    if (failure === "before") throw new Error("injected");
    await super.commit(batch);
    if (failure === "after") throw new Error("injected");
  }
}

export const MODEL_OPTIONS = {
  sharesPerMinute: 60,
  // About every second hash meets it.
  minDifficulty: 2 ** -31,
  vardiff: true,
  maxChannels: 1_000,
  maxChannelsPerConnection: 4,
} as const satisfies Partial<MiningOptions>;

const MODEL_INSTANCE = 1;

/** What happened in all walks, and how often: says whether they reached everything. */
export type Reached = Map<string, number>;

/** Of all lengths that the pool gives out. */
const SHORTEST_PREFIX_BYTES = 8;

export class ModelPool extends PoolHarness {
  readonly clock = new ManualClock();
  readonly payouts = new ModelPayouts();
  readonly ledger = new FailingLedger();
  readonly validator: SteeredValidator;
  readonly #acknowledger: Acknowledger;
  readonly #prefixes = new Set<string>();

  readonly #reached: Reached;

  constructor(reached: Reached = new Map(), validator: SteeredValidator = new SteeredValidator()) {
    // Few slots, so that shares of standard channels are validated both with one and without.
    super(MODEL_OPTIONS, { validator, maxStandardJobs: 6 });
    this.validator = validator;
    this.reconfigure("pool", MODEL_INSTANCE);
    this.#reached = reached;
    this.#acknowledger = new Acknowledger(
      { ledger: this.ledger, runId: "model", intervalMs: 250, maxPendingShares: 40 },
      { logger: this.logger, metrics: createMetricRegistry(), clock: this.clock },
    );
  }

  /** The pool goes on with another payout, instance id and tag. */
  reconfigure(mode: PayoutMode, instanceId: number): void {
    const payout = this.payouts.change(mode);
    const options = { ...MINING, ...MODEL_OPTIONS, payout, instanceId, poolTag: `/${instanceId}/` };
    this.pool.reconfigure(options, this.clock.now());
  }

  override onAccepted(...[channel, outcome]: Parameters<PoolHarness["onAccepted"]>): void {
    super.onAccepted(channel, outcome);
    this.#acknowledger.noteAccepted(channel, outcome.solvedBlock);
  }

  override onRejected(...[channel, outcome]: Parameters<PoolHarness["onRejected"]>): void {
    super.onRejected(channel, outcome);
    this.#acknowledger.noteRejected(channel);
    if (channel.open) sendError(channel, outcome);
  }

  count(what: string): void {
    this.#reached.set(what, (this.#reached.get(what) ?? 0) + 1);
  }

  /** No two channels search the same headers: none's prefix begins as another's, whatever their lengths. */
  claimPrefix(prefix: Uint8Array): void {
    const own = Buffer.from(prefix.subarray(0, SHORTEST_PREFIX_BYTES)).toString("hex");
    if (this.#prefixes.has(own)) throw new Error(`broken: the prefix ${own} is given once`);
    this.#prefixes.add(own);
  }

  /** Nothing waits for its verdict, for the ledger or for a time. */
  async expectNothingWaits(): Promise<void> {
    let settled = false;
    void this.pool.settled().then(() => {
      settled = true;
    });
    const { commits } = this.ledger;
    await this.#acknowledger.flush();
    await nextTurn();
    must(settled && this.validator.held === 0, "each share has its verdict");
    must(this.#acknowledger.unstoredShares === 0 && this.ledger.commits === commits, "nothing is left to be stored");
    must(this.clock.pending === 0, "no timer waits when all is stored");
  }

  /** Time passes, in steps that are as long as what waits for it allows. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; ) {
      const step = this.clock.pending > 0 ? Math.min(left, 250) : left;
      this.clock.advance(step);
      left -= step;
      await nextTurn();
      this.#acknowledger.look();
    }
  }
}

function sendError(channel: Channel, { sequenceNumber, code }: Parameters<PoolHarness["onRejected"]>[1]): void {
  const { channelId } = channel;
  const error = { channel_id: channelId, sequence_number: sequenceNumber, error_code: code };
  channel.sink.send(encodeFrame(SubmitSharesError, error));
}
