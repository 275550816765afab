/** A worker pool whose threads and timers a test holds. */

import type { Clock } from "../../src/core/clock.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import type { JobHandle, ShareFields } from "../../src/sharecore/index.ts";
import { WorkerPool } from "../../src/sharecore/worker-pool.ts";
import type { WorkerPoolOptions } from "../../src/sharecore/worker-pool-options.ts";
import { CORE_BUILD } from "./core-build.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { sampleShare } from "./share-samples.ts";

/** A pool whose threads are scripted; all that were started are in `threads`, the newest last. */
export function openPool(options: WorkerPoolOptions = {}) {
  const threads: ScriptedWorker[] = [];
  const timers: { delayMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    now: () => ({ wallMs: 0, monotonicMs: 0 }),
    after: (delayMs, callback) => {
      timers.push({ delayMs, callback });
      return { cancel() {} };
    },
    every: () => ({ cancel() {} }),
  };
  const metrics = createMetricRegistry();
  const refusal = { left: 0 };
  const pool = new WorkerPool(
    { workers: 1, jobSlots: 64, ringCells: 2048, inlineCompressions: 0, ...CORE_BUILD, ...options },
    {
      clock,
      metrics,
      startThread: (start, events) => {
        if (refusal.left > 0) {
          refusal.left -= 1;
          throw new Error("no room for a thread");
        }
        const thread = new ScriptedWorker(start, events);
        threads.push(thread);
        return thread;
      },
    },
  );
  const running = (): ScriptedWorker[] => threads.filter((thread) => !thread.hasEnded);
  const finish = async (): Promise<void> => {
    // A called-for bell may still be due where nothing waits in the ring.
    do for (const thread of running()) thread.work();
    while (running().some((thread) => thread.waitingCells > 0));
    await pool.close();
  };
  return { pool, threads, timers, metrics, refusal, running, finish };
}

/** Different shares of one job. */
export function sharesOf(handle: JobHandle, count: number, extranonceBytes = 0): ShareFields[] {
  return Array.from({ length: count }, (_, seed) => sampleShare(handle, seed, extranonceBytes));
}
