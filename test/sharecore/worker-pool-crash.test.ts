import { describe, expect, it } from "vitest";
import {
  expectedVerdicts,
  sampleExtendedJob,
  sampleShare,
  sampleStandardJob,
  UNKNOWN,
  validateAll,
} from "./share-samples.ts";
import { openPool, sharesOf } from "./worker-pool-bench.ts";

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
    expect(await late).toEqual([UNKNOWN]);
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
});
