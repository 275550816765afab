/**
 * One worker's place in the pool: its thread, its rings, and the parts of batches that were given to it. It survives
 * its thread: what was not answered when a thread ends is sent again to the next one, or handed back. Jobs are sent
 * ahead of the first share that needs them, so a new thread learns them anew as it goes.
 */

import { MAX_BATCHES_UNDER_WAY, type QueueEntry } from "./batch-queue.ts";
import { CommandWriter } from "./command-ring.ts";
import { SharecoreError } from "./errors.ts";
import type { RecordBatch } from "./record-batch.ts";
import { NO_GENERATION, SHARE_BYTES } from "./record-layout.ts";
import { cellsOfJob, createRing } from "./ring-layout.ts";
import type { JobHandle } from "./types.ts";
import { VerdictReader } from "./verdict-ring.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** Consecutive shares of one batch at one worker: from `answered` to `sent` in its hands, from there to `end` to send. */
type Part = { entry: QueueEntry | undefined; answered: number; sent: number; end: number; compressions: number };

export type SeatHost = {
  /** Starts a thread on these rings. @throws where the system has no room for one. */
  readonly startThread: (memory: SharedArrayBuffer, seat: WorkerSeat) => WorkerThread;
  /** The record of the job that is in this slot. */
  readonly jobRecord: (slot: number) => Uint8Array;
};

/** Every feed leaves a cell for the flush at its end. */
const FLUSH_CELLS = 1;

export class WorkerSeat {
  /** Threads that ended since the last verdict. */
  failures = 0;
  /** Sequence of the last batch of which a part was given to this seat. */
  lastSequence = 0;
  /** Compressions that were given and not answered. */
  load = 0;
  thread: WorkerThread | undefined;
  readonly #host: SeatHost;
  readonly #cells: number;
  #memory: SharedArrayBuffer;
  #commands: CommandWriter;
  #verdicts: VerdictReader;
  /** By slot, the generation that the thread has. */
  readonly #known: Uint32Array;
  /** At most one part of each batch, as a ring; the objects are used again. */
  readonly #parts: Part[];
  #firstPart = 0;
  #partCount = 0;
  /** Parts at the front that were sent to their end. */
  #sentParts = 0;
  /** Shares sent and not answered; never more than the verdict ring has cells. */
  #inFlight = 0;

  constructor(host: SeatHost, options: { cells: number; jobSlots: number }) {
    this.#host = host;
    this.#cells = options.cells;
    this.#known = new Uint32Array(options.jobSlots);
    this.#parts = Array.from({ length: MAX_BATCHES_UNDER_WAY }, emptyPart);
    const { memory, commands, verdicts } = openRings(this.#cells);
    this.#memory = memory;
    this.#commands = commands;
    this.#verdicts = verdicts;
  }

  get isIdle(): boolean {
    return this.#partCount === 0;
  }

  /** Whether all shares given so far fitted into the ring. */
  get isSent(): boolean {
    return this.#sentParts === this.#partCount;
  }

  /** Occupies the seat. @throws what `SeatHost.startThread` throws. */
  start(): void {
    this.thread = this.#host.startThread(this.#memory, this);
    if (!this.isIdle) this.thread.ref();
  }

  /**
   * The thread ended. What it had answered counts; the rest is sent anew with the next `feed`, through fresh rings,
   * since nobody knows how far it had come in the old ones.
   */
  vacate(): void {
    this.#collect();
    this.thread = undefined;
    const { memory, commands, verdicts } = openRings(this.#cells);
    this.#memory = memory;
    this.#commands = commands;
    this.#verdicts = verdicts;
    this.#known.fill(NO_GENERATION);
    this.#inFlight = 0;
    this.#sentParts = 0;
    for (let index = 0; index < this.#partCount; index += 1) {
      const part = this.#part(index);
      part.sent = part.answered;
    }
  }

  /** Takes the shares from `range.from` to `range.to` over; `feed` sends them. At most one part of each batch. */
  assign(entry: QueueEntry, range: { from: number; to: number; compressions: number }): void {
    const part = this.#part(this.#partCount);
    part.entry = entry;
    part.answered = range.from;
    part.sent = range.from;
    part.end = range.to;
    part.compressions = range.compressions;
    this.#partCount += 1;
    this.load += range.compressions;
    if (this.#partCount === 1) this.thread?.ref();
  }

  /** Sends what the rings have room for, and wakes the worker once. */
  feed(): void {
    if (this.isSent || this.thread === undefined) return;
    const inFlightBefore = this.#inFlight;
    while (!this.isSent && this.#send(this.#part(this.#sentParts))) this.#sentParts += 1;
    // Where nothing could be sent and nothing is in flight, the ring is full of released jobs: the flush makes the
    // worker clear them and call. Without a free cell the last one is such a flush already.
    const sent = this.#inFlight > inFlightBefore;
    if (!sent && (this.#inFlight > 0 || this.#commands.room() === 0)) return;
    this.#commands.writeFlush();
    this.#commands.publish();
    this.#commands.wake();
  }

  /** Sends as much of the part as fits. @returns whether that was all. */
  #send(part: Part): boolean {
    const { batch } = part.entry ?? {};
    if (batch === undefined) return true;
    let room = this.#commands.room() - FLUSH_CELLS;
    const limit = Math.min(part.end, part.sent + this.#cells - this.#inFlight);
    let next = part.sent;
    for (; next < limit; next += 1) {
      const slot = batch.slotOf(next);
      const generation = batch.generationOf(next);
      const isKnown = generation === NO_GENERATION || this.#known[slot] === generation;
      const record = isKnown ? undefined : this.#host.jobRecord(slot);
      const needed = record === undefined ? 1 : cellsOfJob(record.length) + 1;
      if (needed > room) break;
      room -= needed;
      if (record === undefined) continue;
      this.#commands.writeJob({ slot, generation }, record);
      this.#known[slot] = generation;
    }
    if (next > part.sent) {
      this.#commands.writeShares(batch.records.subarray(part.sent * SHARE_BYTES, next * SHARE_BYTES));
      this.#inFlight += next - part.sent;
      part.sent = next;
    }
    return next === part.end;
  }

  /** The worker called: takes what it answered. */
  answerBell(): void {
    this.#verdicts.silenceBell();
    this.#collect();
  }

  /** Moves all verdicts that wait into their batches. */
  #collect(): void {
    let available = this.#verdicts.available();
    if (available > 0) this.failures = 0;
    this.#inFlight -= available;
    while (available > 0) {
      const part = this.#part(0);
      const { entry } = part;
      const count = Math.min(available, part.sent - part.answered);
      if (entry?.batch === undefined || count === 0) {
        throw new SharecoreError("a share worker answered what it was not asked", { code: "core-unusable" });
      }
      this.#verdicts.take(entry.batch.verdicts.bytes, part.answered, count);
      this.#answered(part, count);
      available -= count;
    }
  }

  /** Hands all unanswered shares back, for hashing in the calling thread. */
  handBack(validate: (batch: RecordBatch, from: number, to: number) => void): void {
    while (!this.isIdle) {
      const part = this.#part(0);
      part.sent = part.end;
      this.#sentParts = Math.max(1, this.#sentParts);
      const { batch } = part.entry ?? {};
      if (batch !== undefined) validate(batch, part.answered, part.end);
      this.#answered(part, part.end - part.answered);
    }
  }

  #answered(part: Part, count: number): void {
    part.answered += count;
    if (part.entry !== undefined) part.entry.unanswered -= count;
    if (part.answered < part.end) return;
    this.load -= part.compressions;
    part.entry = undefined;
    this.#firstPart = (this.#firstPart + 1) % this.#parts.length;
    this.#partCount -= 1;
    this.#sentParts -= 1;
    if (this.#partCount === 0) this.thread?.unref();
  }

  /**
   * The job's slot becomes free. The worker is told with its next work; only when such notes fill half of the ring it
   * is woken for them. Without room it keeps the job until the slot's next one takes its place.
   */
  forget(handle: JobHandle): void {
    if (this.thread === undefined || this.#known[handle.slot] !== handle.generation) return;
    const room = this.#commands.room();
    if (room <= FLUSH_CELLS) return;
    this.#known[handle.slot] = NO_GENERATION;
    this.#commands.writeClear(handle);
    this.#commands.publish();
    if (room < this.#cells / 2) this.#commands.wake();
  }

  #part(index: number): Part {
    // In range, since the index is taken modulo the length: the assertion only tells the compiler so.
    return this.#parts[(this.#firstPart + index) % this.#parts.length] as Part;
  }
}

function openRings(cells: number): { memory: SharedArrayBuffer; commands: CommandWriter; verdicts: VerdictReader } {
  const ring = createRing(cells);
  return { memory: ring.memory, commands: new CommandWriter(ring), verdicts: new VerdictReader(ring) };
}

function emptyPart(): Part {
  return { entry: undefined, answered: 0, sent: 0, end: 0, compressions: 0 };
}
