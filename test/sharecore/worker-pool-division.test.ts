import { describe, expect, it } from "vitest";
import { sampleExtendedJob, sampleStandardJob, validateAll } from "./share-samples.ts";
import { openPool, sharesOf } from "./worker-pool-bench.ts";

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
