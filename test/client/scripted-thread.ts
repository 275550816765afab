/** Mining threads that search nothing, and report what a test tells them to. */

import type {
  MiningThread,
  StartThread,
  ThreadEvents,
  ThreadMessage,
  ThreadOrder,
} from "../../src/client/mining-thread.ts";

export class ScriptedThread implements MiningThread {
  readonly #events: ThreadEvents;
  readonly orders: ThreadOrder[] = [];
  terminated = false;

  constructor(events: ThreadEvents) {
    this.#events = events;
  }

  post(order: ThreadOrder): void {
    this.orders.push(order);
  }

  async terminate(): Promise<void> {
    this.terminated = true;
    this.crash("it was terminated");
  }

  /** What it was told last. */
  get present(): ThreadOrder {
    const order = this.orders.at(-1);
    if (order === undefined) throw new Error("the thread got no order yet");
    return order;
  }

  get isSearching(): boolean {
    return this.orders.at(-1)?.header !== undefined;
  }

  /** Reports a piece of its present order, or of another one. */
  report(message: Partial<ThreadMessage>): void {
    this.#events.onMessage({
      unit: this.present.unit,
      nonce: undefined,
      searched: 1_000,
      exhausted: false,
      ...message,
    });
  }

  crash(reason: string): void {
    this.#events.onEnd(reason);
  }
}

export type ScriptedThreads = { readonly threads: ScriptedThread[]; readonly startThread: StartThread };

export function scriptedThreads(): ScriptedThreads {
  const threads: ScriptedThread[] = [];
  return {
    threads,
    startThread: (events) => {
      const thread = new ScriptedThread(events);
      threads.push(thread);
      return thread;
    },
  };
}
