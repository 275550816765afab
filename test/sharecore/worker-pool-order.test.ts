import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job, JobHandle } from "../../src/sharecore/index.ts";
import { copyVerdicts, expectedVerdicts, sampleExtendedJob, sampleShare, sampleStandardJob } from "./share-samples.ts";
import { openPool } from "./worker-pool-bench.ts";

describe("the worker pool", () => {
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
