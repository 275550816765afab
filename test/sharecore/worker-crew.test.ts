import { describe, expect, it } from "vitest";
import { WorkerPool } from "../../src/sharecore/worker-pool.ts";
import type { WorkerPoolOptions } from "../../src/sharecore/worker-pool-options.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { CORE_BUILD } from "./core-build.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { sampleShare, sampleStandardJob, validateAll } from "./share-samples.ts";

type Crew = {
  readonly pool: WorkerPool;
  readonly clock: ManualClock;
  readonly logger: RecordingLogger;
  /** All that were started, the newest last. */
  readonly threads: ScriptedWorker[];
  /** Submits a batch of so many shares of one job. */
  readonly submit: (shares: number) => Promise<unknown>;
  readonly finish: () => Promise<void>;
};

function openCrew(options: WorkerPoolOptions): Crew {
  const threads: ScriptedWorker[] = [];
  const [clock, logger] = [new ManualClock(), new RecordingLogger()];
  const pool = new WorkerPool(
    { jobSlots: 4, ringCells: 2048, inlineCompressions: 0, ...CORE_BUILD, ...options },
    {
      clock,
      logger,
      startThread: (start, events) => {
        const thread = new ScriptedWorker(start, events);
        threads.push(thread);
        return thread;
      },
    },
  );
  const handle = pool.addJob(sampleStandardJob(1));
  const submit = (count: number): Promise<unknown> =>
    validateAll(
      pool,
      Array.from({ length: count }, (_, seed) => sampleShare(handle, seed)),
    );
  const finish = async (): Promise<void> => {
    for (const thread of threads) thread.work();
    await pool.close();
  };
  return { pool, clock, logger, threads, submit, finish };
}

/** The newest of the threads ends, without an answer since the one before. */
function crashNewest({ threads }: Crew): void {
  const newest = threads.at(-1);
  if (newest === undefined || newest.hasEnded) throw new Error("no thread runs");
  newest.crash();
}

describe("a seat whose threads end one after the other", () => {
  it("is occupied again after the first and the second, and rests after the third", async () => {
    const crew = openCrew({ workers: 1 });
    const verdicts = crew.submit(5);
    for (const started of [2, 3, 3]) {
      crashNewest(crew);
      expect(crew.threads).toHaveLength(started);
    }
    expect(await verdicts).toHaveLength(5);
    expect(crew.logger.of("share worker ended")).toEqual([
      { reason: "scripted", failures: 1 },
      { reason: "scripted", failures: 2 },
      { reason: "scripted", failures: 3 },
    ]);
    await crew.finish();
  });

  it("rests for 5 s, has one more try then, and counts from the start only after an answer", async () => {
    const crew = openCrew({ workers: 1 });
    for (let crash = 0; crash < 3; crash += 1) crashNewest(crew);
    crew.clock.advance(4_999);
    expect(crew.threads).toHaveLength(3);
    crew.clock.advance(1);
    expect(crew.threads).toHaveLength(4);
    crashNewest(crew);
    expect(crew.threads, "it rests at once").toHaveLength(4);
    crew.clock.advance(5_000);
    const verdicts = crew.submit(2);
    crew.threads.at(-1)?.work();
    expect(await verdicts).toHaveLength(2);
    crashNewest(crew);
    expect(crew.threads, "it is occupied at once").toHaveLength(6);
    await crew.finish();
    expect(crew.clock.pending).toBe(0);
  });

  it("stays empty where the pool is closed while it rests", async () => {
    const crew = openCrew({ workers: 1 });
    for (let crash = 0; crash < 3; crash += 1) crashNewest(crew);
    await crew.finish();
    crew.clock.advance(5_000);
    expect(crew.threads).toHaveLength(3);
  });
});

describe("a pool that is closed", () => {
  it("ends every thread, once what is under way is answered", async () => {
    const crew = openCrew({ workers: 3 });
    const verdicts = crew.submit(9);
    const closed = crew.pool.close();
    expect(crew.threads.filter(({ hasEnded }) => hasEnded)).toEqual([]);
    for (const thread of crew.threads) thread.work();
    await verdicts;
    await closed;
    expect(crew.threads.every(({ hasEnded }) => hasEnded)).toBe(true);
    expect(crew.threads, "and starts none in their place").toHaveLength(3);
    expect(crew.logger.lines).toEqual([]);
  });
});

describe("batches that are each too small to be divided", () => {
  it("go to whom has least to do: to all in turn, and then to the one that was faster", async () => {
    const busy = openCrew({ workers: 3, inlineCompressions: 30 });
    const verdicts = [12, 11, 10].map((shares) => busy.submit(shares));
    expect(busy.threads.map(({ waitingCells }) => waitingCells > 0)).toEqual([true, true, true]);
    busy.threads[1]?.work();
    verdicts.push(busy.submit(14));
    expect(busy.threads.map(({ waitingCells }) => waitingCells > 0)).toEqual([true, true, true]);
    verdicts.push(busy.submit(10));
    await busy.finish();
    await Promise.all(verdicts);
    // The last one went to the third, which had 10 before, and not to the first with 12 or the second with 14.
    expect(busy.threads.map(({ counts }) => counts.shares)).toEqual([12, 11 + 14, 10 + 10]);
  });
});
