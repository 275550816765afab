/** The mining threads of this process: gives each a header of its own, and hands on what they find. */

import { Worker } from "node:worker_threads";
import type { ThreadMessage, ThreadOrder } from "./mining-thread.ts";
import type { WorkUnit } from "./work.ts";

export type HashingEvents = {
  /** The next header for a thread; undefined: none for now. */
  nextUnit(): WorkUnit | undefined;
  onFound(unit: WorkUnit, nonce: number): void;
  /** A thread died: mining cannot go on. */
  onFailure(error: Error): void;
};

type Thread = { readonly worker: Worker; unit: WorkUnit | undefined; order: number };

export class HashingThreads {
  readonly #events: HashingEvents;
  readonly #threads: Thread[] = [];
  #orders = 0;
  #hashes = 0;
  #closed = false;

  /** @param count 1 or more. */
  constructor(count: number, events: HashingEvents) {
    this.#events = events;
    for (let index = 0; index < count; index += 1) this.#threads.push(this.#start());
  }

  /** Hashes tried since the start. */
  get hashes(): number {
    return this.#hashes;
  }

  /** Gives every thread a new header: the job has changed. */
  renew(): void {
    for (const thread of this.#threads) this.#order(thread);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): Thread {
    const worker = new Worker(new URL(import.meta.resolve("#miner-worker")));
    const thread: Thread = { worker, unit: undefined, order: 0 };
    worker.on("message", (message: ThreadMessage) => this.#receive(thread, message));
    worker.on("error", (error) => {
      if (!this.#closed) this.#events.onFailure(error);
    });
    return thread;
  }

  #order(thread: Thread): void {
    this.#orders += 1;
    thread.order = this.#orders;
    thread.unit = this.#events.nextUnit();
    const order: ThreadOrder =
      thread.unit === undefined
        ? { unit: thread.order, header: undefined }
        : { unit: thread.order, header: thread.unit.header, target: thread.unit.target };
    thread.worker.postMessage(order);
  }

  #receive(thread: Thread, message: ThreadMessage): void {
    this.#hashes += message.searched;
    if (this.#closed || message.unit !== thread.order || thread.unit === undefined) return;
    if (message.nonce !== undefined) this.#events.onFound(thread.unit, message.nonce);
    // The share may have led to another job already.
    if (message.exhausted && message.unit === thread.order) this.#order(thread);
  }
}
