import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import type { Job, JobHandle, ShareFields } from "../../src/sharecore/index.ts";
import { WorkerPool } from "../../src/sharecore/worker-pool.ts";
import type { WorkerPoolOptions } from "../../src/sharecore/worker-pool-options.ts";
import { CORE_BUILD } from "./core-build.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import * as samples from "./share-samples.ts";

const { copyVerdicts, expectedVerdicts, sampleExtendedJob, sampleShare, sampleStandardJob, validateAll } = samples;

/** A pool whose threads are scripted; all that were started are in `threads`, the newest last. */
function openPool(options: WorkerPoolOptions = {}) {
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

const sharesOf = (handle: JobHandle, count: number, extranonceBytes = 0): ShareFields[] =>
  Array.from({ length: count }, (_, seed) => sampleShare(handle, seed, extranonceBytes));

describe("the worker pool's division of work", () => {
  it("hashes a small batch in the calling thread while the workers are idle", async () => {
    const { pool, threads, metrics, finish } = openPool({ inlineCompressions: 150 });
    const handle = pool.addJob(sampleStandardJob(1));
    let isDelivered = false;
    const verdicts = validateAll(pool, sharesOf(handle, 49)).finally(() => {
      isDelivered = true;
    });
    expect(threads[0]?.waitingCells).toBe(0);
    await Promise.resolve();
    await verdicts;
    expect(isDelivered).toBe(true);
    const large = validateAll(pool, sharesOf(handle, 50));
    expect(threads[0]?.waitingCells).toBeGreaterThan(50);
    const small = validateAll(pool, sharesOf(handle, 1));
    await finish();
    await Promise.all([large, small]);
    expect(metrics.samples().map(({ name, labels, value }) => [name, labels, value])).toEqual([
      ["adit_sharecore_shares_total", { path: "inline" }, 49],
      ["adit_sharecore_shares_total", { path: "workers" }, 51],
      ["adit_sharecore_worker_crashes_total", {}, 0],
    ]);
  });

  it("weighs extended jobs by their compressions", async () => {
    const { pool, threads, finish } = openPool({ inlineCompressions: 150 });
    const handle = pool.addJob(sampleExtendedJob(1));
    // 300 bytes of coinbase with a whole block before the extranonce: 4 + 1; 12 levels: 36; header: 3.
    await validateAll(pool, sharesOf(handle, 3, 16));
    expect(threads[0]?.waitingCells).toBe(0);
    const verdicts = validateAll(pool, sharesOf(handle, 4, 16));
    expect(threads[0]?.waitingCells).toBeGreaterThan(0);
    await finish();
    await verdicts;
  });

  it("splits a large batch evenly by cost, and gives the next one to whom has least to do", async () => {
    const { pool, threads, finish } = openPool({ workers: 3, inlineCompressions: 30 });
    const standard = pool.addJob(sampleStandardJob(1));
    const extended = pool.addJob(sampleExtendedJob(2));
    const shares = [...sharesOf(extended, 10, 8), ...sharesOf(standard, 300)];
    const verdicts = [validateAll(pool, shares)];
    threads[1]?.work();
    verdicts.push(validateAll(pool, sharesOf(standard, 19)));
    expect(threads[1]?.waitingCells).toBeGreaterThan(0);
    const given = threads.map((thread) => {
      thread.work();
      return thread.counts.shares;
    });
    await finish();
    await Promise.all(verdicts);
    // 1,340 compressions in all: 10 × 44 and 2 standard ones; 149 standard ones; and the rest.
    expect(given).toEqual([13, 149 + 19, 148]);
  });

  it("gives no worker two parts of one batch", async () => {
    const { pool, threads, finish } = openPool({ workers: 2, inlineCompressions: 30 });
    const handle = pool.addJob(sampleStandardJob(1));
    const verdicts = [validateAll(pool, sharesOf(handle, 19)), validateAll(pool, sharesOf(handle, 30))];
    const given = threads.map((thread) => {
      thread.work();
      return thread.counts.shares;
    });
    await finish();
    await Promise.all(verdicts);
    // The second half goes to the first worker, though it has more to do even so.
    expect(given).toEqual([19 + 15, 15]);
  });

  it("is called once for a batch, however many chunks it takes", async () => {
    const { pool, threads, finish } = openPool({ ringCells: 8192 });
    const handle = pool.addJob(sampleStandardJob(1));
    const verdicts = validateAll(pool, sharesOf(handle, 5000));
    threads[0]?.work();
    await verdicts;
    expect(threads[0]?.counts).toMatchObject({ shares: 5000, jobs: 1, flushes: 1, bells: 1 });
    await finish();
  });

  it("is called once for all that was answered before it came to look", async () => {
    const { pool, threads, finish } = openPool();
    const handle = pool.addJob(sampleStandardJob(1));
    const [worker] = threads;
    const verdicts = [1, 2, 3].map((count) => validateAll(pool, sharesOf(handle, count)));
    worker?.work();
    await Promise.all(verdicts);
    expect(worker?.counts).toMatchObject({ shares: 6, flushes: 3, bells: 1 });
    await finish();
  });

  it("keeps the program alive exactly while work is under way", async () => {
    const { pool, threads, running, finish } = openPool();
    const handle = pool.addJob(sampleStandardJob(1));
    const isReferenced = (): (boolean | undefined)[] => running().map((thread) => thread.isReferenced);
    expect(isReferenced()).toEqual([false]);
    const verdicts = validateAll(pool, sharesOf(handle, 3));
    expect(isReferenced()).toEqual([true]);
    threads[0]?.crash();
    expect(isReferenced()).toEqual([true]);
    running()[0]?.work();
    await verdicts;
    expect(isReferenced()).toEqual([false]);
    await finish();
  });
});

describe("the worker pool's jobs", () => {
  it("sends a job once, with the first share that needs it", async () => {
    const { pool, threads, finish } = openPool();
    const handles = [1, 2, 3].map((seed) => pool.addJob(sampleStandardJob(seed)));
    expect(threads[0]?.waitingCells).toBe(0);
    const verdicts = handles
      .slice(1)
      .flatMap((handle) => [validateAll(pool, sharesOf(handle, 5)), validateAll(pool, sharesOf(handle, 5))]);
    threads[0]?.work();
    await Promise.all(verdicts);
    expect(threads[0]?.counts).toMatchObject({ shares: 20, jobs: 2 });
    await finish();
  });

  it("tells the workers that know a job of its release, after its last share", async () => {
    const { pool, threads, finish } = openPool({ workers: 2, inlineCompressions: 3 });
    const job = sampleStandardJob(1);
    const handle = pool.addJob(job);
    const shares = sharesOf(handle, 1);
    const verdicts = validateAll(pool, shares);
    pool.releaseJob(handle);
    for (const thread of threads) thread.work();
    expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    for (const thread of threads) thread.work();
    expect(threads.map((thread) => thread.counts.clears)).toEqual([1, 0]);
    await finish();
  });

  it("sends jobs of the largest size around the ring's end", async () => {
    const { pool, threads, finish } = openPool();
    const sizes = { prefix: 65_535, suffix: 65_535, levels: 32 };
    for (const seed of [1, 2, 3]) {
      const job = sampleExtendedJob(seed, sizes);
      const handle = pool.addJob(job);
      const shares = sharesOf(handle, 2, 32);
      const verdicts = validateAll(pool, shares);
      threads[0]?.work();
      expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
      pool.releaseJob(handle);
    }
    expect(threads[0]?.counts.jobs).toBe(3);
    await finish();
  });

  it("wakes a worker once for a batch, and for released jobs only when they fill half of its ring", async () => {
    const notify = vi.spyOn(Atomics, "notify");
    const { pool, threads, finish } = openPool({ jobSlots: 2048, ringCells: 8192 });
    const handles = Array.from({ length: 2048 }, (_, seed) => pool.addJob(sampleStandardJob(seed)));
    const verdicts = validateAll(pool, handles.flatMap((handle) => sharesOf(handle, 1)).slice(0, 1500));
    expect(notify).toHaveBeenCalledTimes(1);
    threads[0]?.work();
    await verdicts;
    for (const handle of handles) pool.releaseJob(handle);
    // Of the 2,048 jobs the worker had 1,500.
    expect(threads[0]?.waitingCells).toBe(1500);
    expect(notify).toHaveBeenCalledTimes(1);
    await finish();

    const small = openPool({ jobSlots: 2048, ringCells: 2048 });
    const jobs = Array.from({ length: 1030 }, (_, seed) => small.pool.addJob(sampleStandardJob(seed)));
    const more = validateAll(
      small.pool,
      jobs.flatMap((handle) => sharesOf(handle, 1)),
    );
    small.threads[0]?.work();
    await more;
    notify.mockClear();
    for (const handle of jobs.slice(0, 1025)) small.pool.releaseJob(handle);
    expect(notify).not.toHaveBeenCalled();
    for (const handle of jobs.slice(1025)) small.pool.releaseJob(handle);
    expect(notify).toHaveBeenCalled();
    notify.mockRestore();
    await small.finish();
  });

  it("is not stopped by a ring full of released jobs", async () => {
    const { pool, threads, finish } = openPool({ jobSlots: 4096, ringCells: 2048 });
    const handles = Array.from({ length: 3000 }, (_, seed) => pool.addJob(sampleStandardJob(seed)));
    for (let start = 0; start < handles.length; start += 500) {
      const verdicts = validateAll(
        pool,
        handles.slice(start, start + 500).flatMap((handle) => sharesOf(handle, 1)),
      );
      threads[0]?.work();
      await verdicts;
    }
    for (const handle of handles) pool.releaseJob(handle);
    expect(threads[0]?.waitingCells).toBe(2047);
    const job = sampleExtendedJob(1);
    const handle = pool.addJob(job);
    const shares = sharesOf(handle, 2, 8);
    const verdicts = validateAll(pool, shares);
    threads[0]?.work();
    expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(threads[0]?.counts.clears).toBe(2047);
    await finish();
  });
});

describe("the worker pool's limits", () => {
  it("takes one batch more than the rings hold, then refuses until that one is sent", async () => {
    const { pool, threads, finish } = openPool({ ringCells: 2048 });
    const job = sampleStandardJob(1);
    const handle = pool.addJob(job);
    const [worker] = threads;
    const shares = sharesOf(handle, 5000);
    const afterDrain: Promise<samples.Verdict[]>[] = [];
    let answeredAtDrain = 0;
    pool.onDrain(() => {
      answeredAtDrain = worker?.counts.shares ?? 0;
      afterDrain.push(validateAll(pool, shares.slice(0, 1)));
    });
    const large = validateAll(pool, shares);
    expect(worker?.waitingCells).toBe(2048);
    await expect(validateAll(pool, shares.slice(0, 1))).rejects.toThrow("full");
    expect(afterDrain).toHaveLength(0);
    worker?.work();
    expect(await large).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(afterDrain).toHaveLength(1);
    // The last of the large batch had been sent by then, and was not answered.
    expect(answeredAtDrain).toBeGreaterThan(5000 - 2048);
    expect(answeredAtDrain).toBeLessThan(5000);
    await finish();
    expect(await afterDrain[0]).toEqual((await large).slice(0, 1));
  });

  it("has no more shares under way at a worker than its verdict ring has cells", async () => {
    const { pool, threads, finish } = openPool({ ringCells: 2048 });
    const handle = pool.addJob(sampleStandardJob(1));
    const [worker] = threads;
    const first = validateAll(pool, sharesOf(handle, 2000));
    // All are answered, but the bell's message is not there yet.
    worker?.workQuietly(2001);
    expect(worker?.waitingCells).toBe(0);
    const second = validateAll(pool, sharesOf(handle, 100));
    expect(worker?.waitingCells).toBe(48 + 1);
    await finish();
    expect((await first).length + (await second).length).toBe(2100);
  });

  it.each([
    [{ workers: 0 }],
    [{ workers: 65 }],
    [{ workers: 1.5 }],
    [{ ringCells: 1024 }],
    [{ ringCells: 3000 }],
    [{ ringCells: 131_072 }],
    [{ inlineCompressions: -1 }],
    [{ inlineCompressions: Number.NaN }],
  ])("refuses %o", (options) => {
    expect(() => openPool(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it.each<[WorkerPoolOptions]>([[{ workers: 64 }], [{ ringCells: 2048 }], [{ ringCells: 65_536 }]])(
    "takes %o",
    async (options) => {
      const { threads, finish } = openPool(options);
      expect(threads).toHaveLength(options.workers ?? 1);
      await finish();
    },
  );
});

describe("the worker pool after a crash", () => {
  it("replaces the worker, sends its jobs again, and does only the unanswered shares again", async () => {
    const { pool, threads, metrics, finish } = openPool();
    const job = sampleExtendedJob(1);
    const handle = pool.addJob(job);
    const shares = sharesOf(handle, 100, 8);
    const verdicts = validateAll(pool, shares);
    const next = validateAll(pool, shares.slice(0, 3));
    threads[0]?.workQuietly(40);
    threads[0]?.crash();
    expect(threads).toHaveLength(2);
    threads[1]?.work();
    expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(await next).toEqual((await verdicts).slice(0, 3));
    expect(threads[1]?.counts).toMatchObject({ jobs: 1, shares: 63 });
    expect(metrics.samples().find(({ name }) => name.includes("crashes"))?.value).toBe(1);
    await finish();
  });

  it("has all of its rings' room again", async () => {
    const { pool, threads, finish } = openPool({ ringCells: 2048 });
    const handle = pool.addJob(sampleStandardJob(1));
    const verdicts = validateAll(pool, sharesOf(handle, 2000));
    const sent = threads[0]?.waitingCells;
    threads[0]?.crash();
    expect(threads[1]?.waitingCells).toBe(sent);
    await finish();
    expect(await verdicts).toHaveLength(2000);
  });

  it("keeps a released job for its unanswered shares", async () => {
    const { pool, threads, finish } = openPool();
    const job = sampleStandardJob(1);
    const handle = pool.addJob(job);
    const shares = sharesOf(handle, 10);
    const verdicts = validateAll(pool, shares);
    pool.releaseJob(handle);
    const late = validateAll(pool, shares.slice(0, 1));
    threads[0]?.work(4);
    threads[0]?.crash();
    threads[1]?.work();
    expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(await late).toEqual([samples.UNKNOWN]);
    await finish();
  });

  it("hashes in the calling thread when three threads in a row answered nothing, and tries again after 5 s", async () => {
    const { pool, threads, timers, running, finish } = openPool();
    const job = sampleStandardJob(1);
    const handle = pool.addJob(job);
    const shares = sharesOf(handle, 10);
    const verdicts = validateAll(pool, shares);
    threads[0]?.work(3);
    for (const index of [0, 1, 2]) threads[index]?.crash();
    expect(running()).toHaveLength(0);
    expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(await validateAll(pool, shares)).toEqual(await verdicts);
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([5000]);
    timers[0]?.callback();
    expect(running()).toHaveLength(1);
    const again = validateAll(pool, shares);
    running()[0]?.work();
    expect(await again).toEqual(await verdicts);
    await finish();
  });

  it("does not count a crash against a thread that had answered something", async () => {
    const { pool, threads, timers, running, finish } = openPool();
    const handle = pool.addJob(sampleStandardJob(1));
    const verdicts = validateAll(pool, sharesOf(handle, 10));
    for (let crashes = 0; crashes < 6; crashes += 1) {
      threads[crashes]?.workQuietly(1);
      threads[crashes]?.crash();
    }
    expect(running()).toHaveLength(1);
    expect(timers).toHaveLength(0);
    await finish();
    expect(await verdicts).toHaveLength(10);
  });

  it("counts threads that cannot be started like those that end", async () => {
    const { pool, threads, timers, refusal, finish } = openPool();
    const handle = pool.addJob(sampleStandardJob(1));
    refusal.left = 2;
    const verdicts = validateAll(pool, sharesOf(handle, 10));
    threads[0]?.crash();
    expect(await verdicts).toHaveLength(10);
    expect(timers).toHaveLength(1);
    await finish();
    timers[0]?.callback();
    expect(threads).toHaveLength(1);
  });

  it("delivers the rest when a callback throws", async () => {
    const { pool, threads, finish } = openPool();
    const handle = pool.addJob(sampleStandardJob(1));
    const batch = pool.createBatch(1);
    batch.push(sampleShare(handle, 1));
    pool.submit(batch, () => {
      throw new Error("from the callback");
    });
    const next = validateAll(pool, sharesOf(handle, 2));
    expect(() => threads[0]?.work()).toThrow("from the callback");
    expect(batch.push(sampleShare(handle, 1))).toBe(-1);
    threads[0]?.work();
    expect(await next).toHaveLength(2);
    await finish();
  });

  it("delivers every verdict once and in order, whatever the workers do", async () => {
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("submit"), size: fc.integer({ min: 1, max: 900 }) }) },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("work"), size: fc.integer({ min: 0, max: 1500 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("work quietly"), size: fc.integer({ min: 0, max: 1500 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash"), size: fc.nat({ max: 2 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("replace job"), size: fc.nat({ max: 3 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        const { pool, running, finish } = openPool({ workers: 2, inlineCompressions: 400 });
        const jobs = new Map<JobHandle, Job>();
        const handles: JobHandle[] = [];
        const add = (index: number): void => {
          const job = index % 2 === 0 ? sampleStandardJob(index) : sampleExtendedJob(index, { levels: 2 });
          const handle = pool.addJob(job);
          handles[index] = handle;
          jobs.set(handle, job);
        };
        for (const index of [0, 1, 2, 3]) add(index);
        const delivered: number[] = [];
        const taken: number[] = [];
        const rounds = operations.map(async ({ kind, size }, round) => {
          const threads = running();
          if (kind === "work") threads[round % 2]?.work(size);
          if (kind === "work quietly") threads[round % 2]?.workQuietly(size);
          if (kind === "crash") threads[size]?.crash();
          if (kind === "replace job") {
            const handle = handles[size];
            if (handle === undefined) throw new Error("no such job");
            pool.releaseJob(handle);
            jobs.delete(handle);
            add(size);
          }
          if (kind !== "submit") return;
          const shares = Array.from({ length: size }, (_, seed) => {
            const index = (seed + round) % 4;
            return sampleShare(handles[index] as JobHandle, seed + round, index % 2 === 0 ? 0 : 8);
          });
          const expected = expectedVerdicts(shares, new Map(jobs));
          const batch = pool.createBatch(size);
          for (const share of shares) batch.push(share);
          const isTaken = pool.submit(batch, (verdicts) => {
            delivered.push(round);
            const found = isDeepStrictEqual(copyVerdicts(verdicts), expected);
            if (!found) delivered.push(-1);
          });
          if (isTaken) taken.push(round);
        });
        await Promise.all(rounds);
        await finish();
        expect(delivered).toEqual(taken);
      }),
      { numRuns: 30 },
    );
  });
});
