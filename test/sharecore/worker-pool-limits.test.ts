import { describe, expect, it } from "vitest";
import type { WorkerPoolOptions } from "../../src/sharecore/worker-pool-options.ts";
import { expectedVerdicts, sampleStandardJob, type Verdict, validateAll } from "./share-samples.ts";
import { openPool, sharesOf } from "./worker-pool-bench.ts";

describe("the worker pool's limits", () => {
  it("takes one batch more than the rings hold, then refuses until that one is sent", async () => {
    const { pool, threads, finish } = openPool({ ringCells: 2048 });
    const job = sampleStandardJob(1);
    const handle = pool.addJob(job);
    const [worker] = threads;
    const shares = sharesOf(handle, 5000);
    const afterDrain: Promise<Verdict[]>[] = [];
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
