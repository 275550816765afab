/**
 * Starts the spool's thread: a sync of the disk can take seconds, and neither the main thread nor the threads that Node
 * shares among all file and name look-ups may wait for it, or it for them.
 */

import { startThread, type ThreadEvents, type WorkerThread } from "../core/worker-thread.ts";
import type { SpoolAnswer, SpoolOrder } from "./spool-orders.ts";

export type SpoolThread = WorkerThread<SpoolOrder>;
export type SpoolThreadEvents = ThreadEvents<SpoolAnswer>;
export type StartSpoolThread = (folder: string, events: SpoolThreadEvents) => SpoolThread;

/** Starts `spool-worker.ts`. @throws where the system has no room for a thread. */
export const startSpoolThread: StartSpoolThread = (folder, events) =>
  startThread({ entry: "#spool-worker", name: "spool", data: folder }, events);
