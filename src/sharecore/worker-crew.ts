/**
 * All worker seats of a pool: divides batches among them, and keeps them occupied. A thread that ends is replaced at
 * once; a seat whose threads end again and again rests, and its shares are hashed in the calling thread meanwhile.
 */

import type { Counter } from "../core/metrics.ts";
import type { QueueEntry } from "./batch-queue.ts";
import type { RecordBatch } from "./record-batch.ts";
import type { JobHandle } from "./types.ts";
import type { CompiledCore } from "./wasm-module.ts";
import type { ResolvedPoolOptions, WorkerPoolDependencies } from "./worker-pool-options.ts";
import { WorkerSeat } from "./worker-seat.ts";
import type { StartThread } from "./worker-thread.ts";

/** What ends so many threads in a row, without a verdict between them, will end the next one too. */
const MAX_FAILURES = 3;
/** How long a seat then rests: long enough that trying again costs nothing. Arbitrary. */
const REST_MS = 5000;

export type CrewHost = {
  readonly module: CompiledCore;
  readonly startThread: StartThread;
  readonly jobRecord: (slot: number) => Uint8Array;
  /** SHA-256 compressions for a share of the job in this slot. */
  readonly compressionsOf: (slot: number) => number;
  /** Hashes shares in the calling thread. */
  readonly validate: (batch: RecordBatch, from: number, to: number) => void;
  /** Verdicts have come, or there is room again. */
  readonly onProgress: () => void;
};

export class WorkerCrew {
  readonly #host: CrewHost;
  readonly #options: ResolvedPoolOptions;
  readonly #dependencies: WorkerPoolDependencies;
  readonly #seats: WorkerSeat[];
  readonly #threadEnds: Counter;
  #closed = false;

  constructor(host: CrewHost, options: ResolvedPoolOptions, dependencies: WorkerPoolDependencies) {
    this.#host = host;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#threadEnds = dependencies.metrics.counter({
      name: "adit_sharecore_worker_crashes_total",
      help: "Worker threads that ended before their pool did.",
    });
    const seatHost = {
      jobRecord: host.jobRecord,
      startThread: (memory: SharedArrayBuffer, seat: WorkerSeat) =>
        host.startThread(
          { module: host.module, memory, jobSlots: options.jobSlots },
          { onMessage: () => this.#onBell(seat), onEnd: (reason) => this.#onEnd(seat, reason) },
        ),
    };
    const seatOptions = { cells: options.ringCells, jobSlots: options.jobSlots };
    this.#seats = Array.from({ length: options.workers }, () => new WorkerSeat(seatHost, seatOptions));
    for (const seat of this.#seats) this.#occupy(seat);
  }

  /** How many seats have a thread. */
  get running(): number {
    let count = 0;
    for (const seat of this.#seats) if (seat.thread !== undefined) count += 1;
    return count;
  }

  /** Whether no share is under way. */
  get isIdle(): boolean {
    for (const seat of this.#seats) if (!seat.isIdle) return false;
    return true;
  }

  /** Whether all shares given so far fitted into the rings. */
  get isSent(): boolean {
    for (const seat of this.#seats) if (!seat.isSent) return false;
    return true;
  }

  /**
   * Gives a batch out, in consecutive parts of about equal cost, to the seats with the least to do. At least one seat
   * must be running.
   * @param work.compressions what all shares cost together.
   * @param work.sequence of the batch.
   */
  distribute(entry: QueueEntry, batch: RecordBatch, work: { compressions: number; sequence: number }): void {
    const wanted = Math.floor(work.compressions / Math.max(1, this.#options.inlineCompressions));
    const parts = Math.max(1, Math.min(wanted, this.running));
    let from = 0;
    let given = 0;
    for (let part = 1; part <= parts; part += 1) {
      const goal = (work.compressions * part) / parts;
      let to = from;
      let compressions = 0;
      while (to < batch.count && (part === parts || given + compressions < goal)) {
        compressions += this.#host.compressionsOf(batch.slotOf(to));
        to += 1;
      }
      if (to > from) this.#leastLoaded(work.sequence)?.assign(entry, { from, to, compressions });
      from = to;
      given += compressions;
    }
    for (const seat of this.#seats) seat.feed();
  }

  /** Of the running seats that have no part of this batch yet. */
  #leastLoaded(sequence: number): WorkerSeat | undefined {
    let best: WorkerSeat | undefined;
    for (const seat of this.#seats) {
      if (seat.thread === undefined || seat.lastSequence === sequence) continue;
      if (best === undefined || seat.load < best.load) best = seat;
    }
    if (best !== undefined) best.lastSequence = sequence;
    return best;
  }

  /** The job's slot becomes free. */
  forget(handle: JobHandle): void {
    for (const seat of this.#seats) seat.forget(handle);
  }

  /** Ends the threads; to be called when no share is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#seats.map((seat) => seat.thread?.terminate()));
  }

  #occupy(seat: WorkerSeat): void {
    try {
      seat.start();
    } catch (error) {
      this.#onEnd(seat, String(error));
      return;
    }
    seat.feed();
  }

  #onBell(seat: WorkerSeat): void {
    seat.answerBell();
    seat.feed();
    this.#host.onProgress();
  }

  #onEnd(seat: WorkerSeat, reason: string): void {
    seat.vacate();
    if (this.#closed) return;
    seat.failures += 1;
    this.#threadEnds.add(1);
    this.#dependencies.logger.warn("share worker ended", { reason, failures: seat.failures });
    if (seat.failures < MAX_FAILURES) this.#occupy(seat);
    else this.#rest(seat);
    this.#host.onProgress();
  }

  #rest(seat: WorkerSeat): void {
    seat.handBack(this.#host.validate);
    this.#dependencies.clock.after(REST_MS, () => {
      if (!this.#closed) this.#occupy(seat);
    });
  }
}
