/** A thread of the spool that answers, and ends, when a test tells it to. */

import type { SpoolOrder, SpoolResult } from "../../src/ledger/spool-orders.ts";
import type { SpoolThread, SpoolThreadEvents, StartSpoolThread } from "../../src/ledger/spool-thread.ts";
import { nextTurn } from "../support/wait.ts";

export const DONE: SpoolResult = { ok: true, reading: undefined };

export function failed(systemCode: string): SpoolResult {
  return { ok: false, systemCode, reason: `${systemCode}: it cannot be done` };
}

export class ScriptedSpoolThreads {
  /** All that were started, the newest last. */
  readonly threads: ScriptedSpoolThread[] = [];
  /** The system has no room for one. */
  refuses = false;

  readonly start: StartSpoolThread = (folder, events) => {
    if (this.refuses) throw new Error("no room for a thread");
    const thread = new ScriptedSpoolThread(folder, events);
    this.threads.push(thread);
    return thread;
  };

  get newest(): ScriptedSpoolThread {
    const thread = this.threads.at(-1);
    if (thread === undefined) throw new Error("no thread was started");
    return thread;
  }

  /** What the newest was asked and has not answered. */
  get asked(): string[] {
    return this.newest.orders.map(({ task }) => ("name" in task ? `${task.kind} ${task.name}` : task.kind));
  }

  /** The newest answers the oldest that it was asked, and what follows from that happens. */
  async answer(result: SpoolResult): Promise<void> {
    const order = this.newest.orders.shift();
    if (order === undefined) throw new Error("nothing was asked");
    this.newest.events.onMessage({ id: order.id, result });
    await nextTurn();
  }

  async end(reason = "it was killed"): Promise<void> {
    this.newest.events.onEnd(reason);
    await nextTurn();
  }
}

class ScriptedSpoolThread implements SpoolThread {
  readonly orders: SpoolOrder[] = [];
  keepsAlive = false;
  terminated = false;
  readonly folder: string;
  readonly events: SpoolThreadEvents;

  constructor(folder: string, events: SpoolThreadEvents) {
    this.folder = folder;
    this.events = events;
  }

  post(order: SpoolOrder): void {
    this.orders.push(order);
  }

  ref(): void {
    this.keepsAlive = true;
  }

  unref(): void {
    this.keepsAlive = false;
  }

  async terminate(): Promise<void> {
    this.terminated = true;
  }
}
