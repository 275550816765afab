/** What goes between the miner and a mining thread, and how such a thread is started. */

import { Worker } from "node:worker_threads";

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

export type ThreadEvents = {
  readonly onMessage: (message: ThreadMessage) => void;
  /** The thread ended, however it came to that; called once. */
  readonly onEnd: (reason: string) => void;
};

/** What the miner needs of a thread, so that tests can bring their own. */
export interface MiningThread {
  order(order: ThreadOrder): void;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<unknown>;
}

export type StartThread = (events: ThreadEvents) => MiningThread;

/** Starts `miner-worker.ts` in a thread. */
export function startMiningThread(events: ThreadEvents): MiningThread {
  // The program's own flags (a debugger, a loader) are not meant for its workers.
  const worker = new Worker(new URL(import.meta.resolve("#miner-worker")), { execArgv: [], name: "miner" });
  let reason = "it stopped by itself";
  worker.on("message", events.onMessage);
  worker.on("error", (error) => {
    reason = error.message;
  });
  worker.on("exit", () => events.onEnd(reason));
  return {
    order: (order) => worker.postMessage(order),
    terminate: () => worker.terminate(),
  };
}
