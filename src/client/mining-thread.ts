/** What goes between the miner and a mining thread, and how such a thread is started. */

import { startThread, type ThreadEvents as ThreadEventsOf, type WorkerThread } from "../core/worker-thread.ts";

/** To a thread: what to search from now on. Without a header: nothing. */
export type ThreadOrder =
  | { readonly unit: number; readonly header: Uint8Array; readonly target: Uint8Array }
  | { readonly unit: number; readonly header: undefined };

/** From a thread, after each piece. */
export type ThreadMessage = {
  /** The order that it belongs to. */
  readonly unit: number;
  readonly nonce: number | undefined;
  /** Hashes that were tried. */
  readonly searched: number;
  /** Nothing is left to search of this unit. */
  readonly exhausted: boolean;
};

export type ThreadEvents = ThreadEventsOf<ThreadMessage>;
export type MiningThread = Pick<WorkerThread<ThreadOrder>, "post" | "terminate">;
export type StartThread = (events: ThreadEvents) => MiningThread;

/** Starts `miner-worker.ts` in a thread that keeps the program alive. */
export const startMiningThread: StartThread = (events) => {
  const thread = startThread<ThreadOrder, ThreadMessage>({ entry: "#miner-worker", name: "miner" }, events);
  thread.ref();
  return thread;
};
