/** The mining threads of this process: gives each a header of its own, and hands on what they find. */

import { ClientError } from "./errors.ts";
import { type MiningThread, type StartThread, startMiningThread, type ThreadMessage } from "./mining-thread.ts";
import type { WorkUnit } from "./work.ts";

export type HashingEvents = {
  /** The next header for a thread, which no other gets; undefined: none for now. */
  nextUnit(): WorkUnit | undefined;
  onFound(unit: WorkUnit, nonce: number): void;
  /** A thread died: mining cannot go on. */
  onFailure(error: ClientError): void;
};

type Seat = { readonly thread: MiningThread; unit: WorkUnit | undefined; order: number };

export class HashingThreads {
  readonly #events: HashingEvents;
  readonly #seats: Seat[] = [];
  #orders = 0;
  #hashes = 0;
  #closed = false;

  /** @param count 1 or more. */
  constructor(count: number, events: HashingEvents, startThread: StartThread = startMiningThread) {
    this.#events = events;
    for (let index = 0; index < count; index += 1) this.#seats.push(this.#start(startThread));
  }

  /** Hashes tried since the start. */
  get hashes(): number {
    return this.#hashes;
  }

  /** Gives every thread a new header: the job has changed. */
  renew(): void {
    if (this.#closed) return;
    for (const seat of this.#seats) this.#order(seat);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#seats.map(({ thread }) => thread.terminate()));
  }

  #start(startThread: StartThread): Seat {
    const thread = startThread({
      onMessage: (message) => this.#receive(seat, message),
      onEnd: (reason) => this.#ended(reason),
    });
    const seat: Seat = { thread, unit: undefined, order: 0 };
    return seat;
  }

  #order(seat: Seat): void {
    this.#orders += 1;
    seat.order = this.#orders;
    seat.unit = this.#events.nextUnit();
    const { order: unit } = seat;
    seat.thread.post(
      seat.unit === undefined
        ? { unit, header: undefined }
        : { unit, header: seat.unit.header, target: seat.unit.target },
    );
  }

  #receive(seat: Seat, message: ThreadMessage): void {
    this.#hashes += message.searched;
    if (this.#closed || message.unit !== seat.order || seat.unit === undefined) return;
    if (message.nonce !== undefined) this.#events.onFound(seat.unit, message.nonce);
    // The share may have led to another job already.
    if (message.exhausted && message.unit === seat.order) this.#order(seat);
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    const message = `a mining thread ended (${reason}): start the miner again, with fewer --threads if it was out of memory`;
    this.#events.onFailure(new ClientError(message, { code: "thread-ended" }));
  }
}
