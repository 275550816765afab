import { describe, expect, it, vi } from "vitest";
import { expectedVerdicts, sampleExtendedJob, sampleStandardJob, validateAll } from "./share-samples.ts";
import { openPool, sharesOf } from "./worker-pool-bench.ts";

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
