/** Starts the pool's worker threads. The interface is what the pool needs of one, so that tests can bring their own. */

import {
  startThread,
  type WorkerThread as Thread,
  type ThreadEvents as ThreadEventsOf,
} from "../core/worker-thread.ts";
import type { WorkerStart } from "./worker-loop.ts";

/** What goes to a thread and comes back is in its rings: a message without content says that verdicts are there. */
export type ThreadEvents = ThreadEventsOf<undefined>;
export type WorkerThread = Omit<Thread<never>, "post">;
export type StartThread = (start: WorkerStart, events: ThreadEvents) => WorkerThread;

/** Starts `worker.ts` in a thread that does not keep the program alive. */
export const startWorkerThread: StartThread = (start, events) =>
  startThread({ entry: "#sharecore-worker", name: "sharecore", data: start }, events);
