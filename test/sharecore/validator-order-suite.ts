/** The order in which a `ShareValidator` delivers, how much it takes at a time, and its end. */

import { expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import type { Job, JobHandle } from "../../src/sharecore/index.ts";
import {
  expectedVerdicts,
  NO_BYTES,
  sampleExtendedJob,
  sampleShare,
  sampleStandardJob,
  validateAll,
} from "./share-samples.ts";
import { errorCode, type Open } from "./validator-fixture.ts";

export function describeOrder(open: Open): void {
  it("delivers small and large batches in the order of submission", async () => {
    const validator = open();
    const job = sampleStandardJob(1);
    const deep = sampleExtendedJob(2);
    const handles = [validator.addJob(job), validator.addJob(deep)];
    const jobs = new Map<JobHandle, Job>(handles.map((handle, index) => [handle, index === 0 ? job : deep]));
    const sizes = [1, 700, 2, 1, 90, 3, 400, 1, 1, 60];
    const delivered: number[] = [];
    const rounds = sizes.map(async (size, round) => {
      const shares = Array.from({ length: size }, (_, seed) => {
        const second = handles[1];
        return seed % 5 === 4 && second !== undefined
          ? sampleShare(second, round * 1000 + seed, 8)
          : sampleShare(handles[0] as JobHandle, round * 1000 + seed);
      });
      const verdicts = await validateAll(validator, shares);
      delivered.push(round);
      expect(verdicts).toEqual(expectedVerdicts(shares, jobs));
    });
    await Promise.all(rounds);
    expect(delivered).toEqual(sizes.map((_, round) => round));
  });

  it("delivers what a callback submits after that callback", async () => {
    const validator = open();
    const handle = validator.addJob(sampleStandardJob(1));
    const [outer, inner] = [validator.createBatch(1), validator.createBatch(1)];
    outer.push(sampleShare(handle, 1));
    inner.push(sampleShare(handle, 2));
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      validator.submit(outer, (verdicts) => {
        const hash = toHex(verdicts.hash(0));
        validator.submit(inner, () => {
          events.push("inner");
          resolve();
        });
        validator.releaseJob(handle);
        validator.addJob(sampleExtendedJob(1, { prefix: 60_000 }));
        expect(toHex(verdicts.hash(0))).toBe(hash);
        events.push("outer");
      });
    });
    expect(events).toEqual(["outer", "inner"]);
  });

  it("takes 256 batches at a time, refuses the next, and tells when there is room", async () => {
    const validator = open();
    const handle = validator.addJob(sampleStandardJob(1));
    const answers: boolean[] = [];
    const order: number[] = [];
    const submit = (index: number): boolean => {
      const batch = validator.createBatch(1);
      batch.push(sampleShare(handle, index));
      return validator.submit(batch, () => order.push(index));
    };
    const isTakenAfterDrain = new Promise<boolean>((resolve) => {
      validator.onDrain(() => resolve(submit(256)));
      const first = validator.createBatch(1);
      first.push(sampleShare(handle, 0));
      validator.submit(first, () => {
        for (let index = 1; index <= 257; index += 1) answers.push(submit(index));
      });
    });
    expect(await isTakenAfterDrain).toBe(true);
    expect(answers).toEqual(answers.map((_, index) => index < 255));
    await validator.close();
    expect(order).toEqual(Array.from({ length: 256 }, (_, index) => index + 1));
  });

  it("finishes what is under way when it is closed, and takes nothing afterwards", async () => {
    const validator = open();
    const job = sampleStandardJob(1);
    const handle = validator.addJob(job);
    const shares = Array.from({ length: 800 }, (_, seed) => sampleShare(handle, seed));
    let isDelivered = false;
    const verdicts = validateAll(validator, shares).then((value) => {
      isDelivered = true;
      return value;
    });
    const batch = validator.createBatch(1);
    await validator.close();
    await validator.close();
    expect(isDelivered).toBe(true);
    expect(await verdicts).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(errorCode(() => validator.submit(batch, () => {}))).toBe("validator-closed");
    expect(errorCode(() => validator.addJob(job))).toBe("validator-closed");
    expect(errorCode(() => validator.merkleRoots(handle, NO_BYTES, 8))).toBe("validator-closed");
  });
}
