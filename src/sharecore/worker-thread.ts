/** Starts the pool's worker threads. The interface is what the pool needs of one, so that tests can bring their own. */

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { WorkerStart } from "./worker-loop.ts";

export type ThreadEvents = {
  /** The worker has verdicts. */
  readonly onBell: () => void;
  /** The thread ended, however it came to that; called once. */
  readonly onEnd: (reason: string) => void;
};

export interface WorkerThread {
  /** From now on the thread keeps the program alive. */
  ref(): void;
  unref(): void;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<unknown>;
}

export type StartThread = (start: WorkerStart, events: ThreadEvents) => WorkerThread;

/** Starts `worker.ts` in a thread that does not keep the program alive. */
export function startWorkerThread(start: WorkerStart, events: ThreadEvents): WorkerThread {
  const path = createRequire(import.meta.url).resolve("#sharecore-worker");
  // The program's own flags (a debugger, a loader) are not meant for its workers.
  const worker = new Worker(path, { workerData: start, execArgv: [], name: "sharecore" });
  let reason = "the thread ended";
  worker.on("message", events.onBell);
  worker.on("error", (error) => {
    reason = String(error);
  });
  worker.on("exit", () => events.onEnd(reason));
  worker.unref();
  return worker;
}
