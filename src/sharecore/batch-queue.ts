/**
 * The batches of one validator between `submit` and the end of their callback, first in, first out. Delivers in the
 * order of submission whoever does the hashing, and stays in order when a callback submits, releases or throws.
 */

import type { RecordBatch } from "./record-batch.ts";
import type { VerdictHandler } from "./types.ts";

/**
 * How many batches may be under way. A pool submits one per tick of its event loop, and workers answer within one or
 * two ticks; the figure is arbitrary within that.
 */
export const MAX_BATCHES_UNDER_WAY = 256;

/** A place in the queue; used again for later batches. */
export type QueueEntry = {
  batch: RecordBatch | undefined;
  onVerdicts: VerdictHandler;
  /** `inline`: hashed in this thread when its turn comes. `workers`: hashed as soon as `unanswered` is zero. */
  mode: "inline" | "workers";
  unanswered: number;
};

export type QueueHooks = {
  /** Hashes a batch of mode `inline`. */
  readonly validate: (batch: RecordBatch) => void;
  /** A batch's callback has returned. */
  readonly onDelivered: () => void;
  /** Whether a refused batch would now be taken; asked after deliveries. */
  readonly hasRoom: () => boolean;
};

export class BatchQueue {
  /** Sequence numbers, counted from 1, of the last batch submitted and of the last one delivered. */
  submitted = 0;
  delivered = 0;
  drainListener: () => void = () => {};
  readonly #hooks: QueueHooks;
  readonly #entries: QueueEntry[];
  #refused = false;
  #delivering = false;
  #onEmpty: (() => void)[] = [];

  constructor(hooks: QueueHooks) {
    this.#hooks = hooks;
    this.#entries = Array.from({ length: MAX_BATCHES_UNDER_WAY }, emptyEntry);
  }

  get length(): number {
    return this.submitted - this.delivered;
  }

  get isFull(): boolean {
    return this.length === this.#entries.length;
  }

  /** Appends a batch; to be called only while the queue is not full. */
  push(batch: RecordBatch, fields: { onVerdicts: VerdictHandler; mode: QueueEntry["mode"] }): QueueEntry {
    const entry = this.#entryOf(this.submitted);
    this.submitted += 1;
    batch.underWay = true;
    batch.verdicts.count = batch.count;
    entry.batch = batch;
    entry.onVerdicts = fields.onVerdicts;
    entry.mode = fields.mode;
    entry.unanswered = batch.count;
    return entry;
  }

  /** The answer of a `submit` that takes nothing; `drainListener` is called once there is room. */
  refuse(): false {
    this.#refused = true;
    return false;
  }

  /**
   * Delivers all batches at the queue's head that are ready. Called from within a callback it does nothing, since
   * the delivery under way goes on with what was added.
   * @throws whatever a callback throws; the batches behind it are delivered in a turn of their own.
   */
  run(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    let hasThrown = true;
    try {
      for (let entry = this.#ready(); entry !== undefined; entry = this.#ready()) this.#deliver(entry);
      hasThrown = false;
    } finally {
      this.#delivering = false;
      if (hasThrown && (this.#refused || this.#ready() !== undefined)) setImmediate(() => this.run());
    }
    if (this.#refused && !this.isFull && this.#hooks.hasRoom()) {
      this.#refused = false;
      this.drainListener();
    }
  }

  #ready(): QueueEntry | undefined {
    if (this.length === 0) return undefined;
    const entry = this.#entryOf(this.delivered);
    return entry.mode === "inline" || entry.unanswered === 0 ? entry : undefined;
  }

  #deliver(entry: QueueEntry): void {
    const { batch, onVerdicts } = entry;
    if (batch === undefined) return;
    try {
      if (entry.mode === "inline") this.#hooks.validate(batch);
      onVerdicts(batch.verdicts);
    } finally {
      batch.underWay = false;
      entry.batch = undefined;
      entry.onVerdicts = noHandler;
      this.delivered += 1;
      this.#hooks.onDelivered();
      if (this.length === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    }
  }

  /** Resolves when no batch is under way. */
  whenEmpty(): Promise<void> {
    return this.length === 0 ? Promise.resolve() : new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #entryOf(sequence: number): QueueEntry {
    // The array is never empty and the index is in range: the assertion only tells the compiler so.
    return this.#entries[sequence % this.#entries.length] as QueueEntry;
  }
}

function noHandler(): void {}

function emptyEntry(): QueueEntry {
  return { batch: undefined, onVerdicts: noHandler, mode: "inline", unanswered: 0 };
}
