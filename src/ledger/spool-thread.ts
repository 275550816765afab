/**
 * Starts the spool's thread: a sync of the disk can take seconds, and neither the main thread nor the threads that Node
 * shares among all file and name look-ups may wait for it, or it for them. The interface is what the spool needs of a
 * thread, so that tests can bring their own.
 */

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { SpoolAnswer, SpoolOrder } from "./spool-orders.ts";

export type SpoolThreadEvents = {
  readonly onAnswer: (answer: SpoolAnswer) => void;
  /** The thread ended, however it came to that; called once. */
  readonly onEnd: (reason: string) => void;
};

export interface SpoolThread {
  post(order: SpoolOrder): void;
  /** From now on the thread keeps the program alive. */
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

export type StartSpoolThread = (folder: string, events: SpoolThreadEvents) => SpoolThread;

/** Starts `spool-worker.ts` in a thread that does not keep the program alive. @throws where the system has no room for one. */
export function startSpoolThread(folder: string, events: SpoolThreadEvents): SpoolThread {
  const path = createRequire(import.meta.url).resolve("#spool-worker");
  // The program's own flags (a debugger, a loader) are not meant for its workers.
  const worker = new Worker(path, { workerData: folder, execArgv: [], name: "spool" });
  let reason = "the thread ended";
  worker.on("message", events.onAnswer);
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
