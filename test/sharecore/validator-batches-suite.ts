/** The batches of a `ShareValidator`: their limits, and who may use one when. */

import { expect, it } from "vitest";
import {
  copyVerdicts,
  expectedVerdicts,
  sampleExtendedJob,
  sampleShare,
  sampleStandardJob,
  validateAll,
} from "./share-samples.ts";
import { errorCode, type Open } from "./validator-fixture.ts";

export function describeBatches(open: Open): void {
  it.each([1, 4, 1024, 1025])("fills a batch of %i shares, and says so at the next", async (capacity) => {
    const validator = open();
    const job = sampleStandardJob(1);
    const handle = validator.addJob(job);
    const batch = validator.createBatch(capacity);
    const shares = Array.from({ length: capacity }, (_, seed) => sampleShare(handle, seed));
    expect(shares.map((share) => batch.push(share))).toEqual(shares.map((_, index) => index));
    expect(batch.push(sampleShare(handle, 0))).toBe(-1);
    expect([batch.count, batch.capacity]).toEqual([capacity, capacity]);
    expect(await validateAll(validator, shares)).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
  });

  it("makes batches of 1 to 65,536 shares", () => {
    const validator = open();
    expect(validator.createBatch(65_536).capacity).toBe(65_536);
    for (const capacity of [0, 65_537, 1.5]) {
      expect(errorCode(() => validator.createBatch(capacity))).toBe("batch-invalid");
    }
  });

  it.each([
    ["a target of 31 bytes", 31, 0],
    ["a target of 33 bytes", 33, 0],
    ["an extranonce of 33 bytes", 32, 33],
  ])("takes no share with %s", (_, targetBytes, extranonceBytes) => {
    const validator = open();
    const batch = validator.createBatch(1);
    const share = sampleShare(validator.addJob(sampleExtendedJob(1)), 1);
    const fields = { target: new Uint8Array(targetBytes), extranonce: new Uint8Array(extranonceBytes) };
    expect(errorCode(() => batch.push({ ...share, ...fields }))).toBe("share-invalid");
    expect(batch.count).toBe(0);
  });

  it("uses a batch again, without a trace of the shares before", async () => {
    const validator = open();
    const job = sampleExtendedJob(1);
    const handle = validator.addJob(job);
    const batch = validator.createBatch(2);
    for (const extranonceBytes of [32, 4]) {
      const share = sampleShare(handle, extranonceBytes, extranonceBytes);
      batch.clear();
      batch.push(share);
      const verdicts = await new Promise((resolve) => {
        validator.submit(batch, (answer) => resolve(copyVerdicts(answer)));
      });
      expect(verdicts).toEqual(expectedVerdicts([share], new Map([[handle, job]])));
    }
  });

  it("holds a batch from its submission until its callback has returned", async () => {
    const validator = open();
    const handle = validator.addJob(sampleStandardJob(1));
    const batch = validator.createBatch(600);
    for (let seed = 0; seed < 500; seed += 1) batch.push(sampleShare(handle, seed));
    const uses = [
      () => batch.push(sampleShare(handle, 0)),
      () => batch.clear(),
      () => validator.submit(batch, () => {}),
    ];
    const codes = await new Promise((resolve) => {
      validator.submit(batch, () => resolve(uses.map(errorCode)));
    });
    expect(codes).toEqual(["batch-invalid", "batch-invalid", "batch-invalid"]);
    batch.clear();
    expect(batch.count).toBe(0);
  });

  it("takes no batch that was made elsewhere", () => {
    const validator = open();
    const stranger = { count: 0, capacity: 1, push: () => -1, clear() {} };
    expect(errorCode(() => validator.submit(stranger, () => {}))).toBe("batch-invalid");
  });

  it("delivers an empty batch", async () => {
    expect(await validateAll(open(), [])).toEqual([]);
  });

  it("has no verdict outside of the batch", async () => {
    const validator = open();
    const handle = validator.addJob(sampleStandardJob(1));
    const batch = validator.createBatch(4);
    batch.push(sampleShare(handle, 1));
    const reads = await new Promise<(() => unknown)[]>((resolve) => {
      validator.submit(batch, (verdicts) => resolve([() => verdicts.flags(1), () => verdicts.hash(-1)]));
    });
    for (const read of reads) expect(read).toThrow(RangeError);
  });
}
