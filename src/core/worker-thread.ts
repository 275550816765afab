/** Starts worker threads. What is needed of one is an interface, so that tests can bring their own. */

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

export type ThreadStart = {
  /** Its entry point, as a subpath import of package.json. */
  readonly entry: `#${string}`;
  /** For debuggers and the system. */
  readonly name: string;
  /** The entry point's `workerData`. */
  readonly data?: unknown;
};

export type ThreadEvents<Message> = {
  readonly onMessage: (message: Message) => void;
  /** The thread ended, however it came to that; called once. */
  readonly onEnd: (reason: string) => void;
};

export interface WorkerThread<Order> {
  post(order: Order): void;
  /** From now on the thread keeps the program alive. */
  ref(): void;
  unref(): void;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<unknown>;
}

/** The thread does not keep the program alive. @throws where the system has no room for one. */
export function startThread<Order, Message>(start: ThreadStart, events: ThreadEvents<Message>): WorkerThread<Order> {
  const path = createRequire(import.meta.url).resolve(start.entry);
  // The program's own flags (a debugger, a loader) are not meant for its workers.
  const worker = new Worker(path, { workerData: start.data, execArgv: [], name: start.name });
  let reason = "it stopped by itself";
  worker.on("message", events.onMessage);
  worker.on("error", (error) => {
    reason = String(error);
  });
  worker.on("exit", () => events.onEnd(reason));
  worker.unref();
  return {
    post: (order) => worker.postMessage(order),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    terminate: () => worker.terminate(),
  };
}
