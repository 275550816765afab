/** The jobs of a `ShareValidator`: their sizes, slots and generations, and their merkle roots. */

import { expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import type { Job, JobHandle } from "../../src/sharecore/index.ts";
import { merkleRootOf } from "../../src/sharecore/js-verdict.ts";
import * as samples from "./share-samples.ts";
import { errorCode, type Open } from "./validator-fixture.ts";

const { bytesOf, expectedVerdicts, NO_BYTES, sampleExtendedJob, sampleShare, sampleStandardJob } = samples;
const { UNKNOWN, validateAll } = samples;

export function describeJobs(open: Open): void {
  const withField = (job: Job, field: string, value: unknown): Job => ({ ...job, [field]: value }) as Job;

  it("takes coinbase parts of 1 to 65,535 bytes and paths of 0 to 32 entries", async () => {
    const validator = open();
    const sizes = [
      { prefix: 1, suffix: 1, levels: 0 },
      { prefix: 65_535, suffix: 65_535, levels: 32 },
      { prefix: 64, suffix: 55, levels: 1 },
    ];
    const jobs = new Map(sizes.map((size, seed) => [seed, sampleExtendedJob(seed, size)] as const));
    const byHandle = new Map([...jobs.values()].map((job) => [validator.addJob(job), job]));
    const shares = [...byHandle.keys()].map((handle, seed) => sampleShare(handle, seed, 8));
    expect(await validateAll(validator, shares)).toEqual(expectedVerdicts(shares, byHandle));
  });

  it.each([
    ["coinbasePrefix", 0],
    ["coinbasePrefix", 65_536],
    ["coinbaseSuffix", 0],
    ["coinbaseSuffix", 65_536],
    ["prevHash", 31],
    ["prevHash", 33],
    ["networkTarget", 31],
    ["networkTarget", 33],
  ])("refuses an extended job whose %s has %i bytes", (field, length) => {
    const job = withField(sampleExtendedJob(1), field, new Uint8Array(length));
    expect(errorCode(() => open().addJob(job))).toBe("job-invalid");
  });

  it.each([
    ["33 entries", 33, 32],
    ["an entry of 31 bytes", 1, 31],
    ["an entry of 33 bytes", 1, 33],
  ])("refuses a merkle path with %s", (_, entries, size) => {
    const merklePath = Array.from({ length: entries }, () => new Uint8Array(size));
    const job = withField(sampleExtendedJob(1), "merklePath", merklePath);
    expect(errorCode(() => open().addJob(job))).toBe("job-invalid");
  });

  it.each([31, 33])("refuses a standard job whose merkle root has %i bytes", (length) => {
    const job = withField(sampleStandardJob(1), "merkleRoot", new Uint8Array(length));
    expect(errorCode(() => open().addJob(job))).toBe("job-invalid");
  });

  it("keeps its own copy of a job", async () => {
    const validator = open();
    const job = sampleExtendedJob(9);
    const given = structuredClone(job);
    const handle = validator.addJob(given);
    if (given.kind === "extended") {
      for (const bytes of [given.prevHash, given.coinbasePrefix, given.coinbaseSuffix, ...given.merklePath])
        bytes.fill(0);
    }
    const share = sampleShare(handle, 1, 8);
    expect(await validateAll(validator, [share])).toEqual(expectedVerdicts([share], new Map([[handle, job]])));
  });

  it("has as many jobs as slots, and gives a released slot to another generation", async () => {
    const validator = open({ jobSlots: 3 });
    const jobs = [1, 2, 3].map((seed) => validator.addJob(sampleStandardJob(seed)));
    expect(errorCode(() => validator.addJob(sampleStandardJob(4)))).toBe("job-limit");
    const [released = { slot: 0, generation: 0 }] = jobs;
    validator.releaseJob(released);
    validator.releaseJob(released);
    const added = validator.addJob(sampleStandardJob(5));
    expect(added.slot).toBe(released.slot);
    expect(added.generation).not.toBe(released.generation);
    expect(errorCode(() => validator.addJob(sampleStandardJob(6)))).toBe("job-limit");
    const shares = [sampleShare(released, 1), sampleShare(added, 1)];
    const expected = expectedVerdicts(shares, new Map([[added, sampleStandardJob(5)]]));
    expect(await validateAll(validator, shares)).toEqual(expected);
  });

  it.each([0, 262_145, 1.5])("refuses %d job slots", (jobSlots) => {
    expect(errorCode(() => open({ jobSlots }))).toBe("option-invalid");
  });

  it("has up to 262,144 job slots", () => {
    expect(open({ jobSlots: 262_144 }).addJob(sampleStandardJob(1)).generation).toBeGreaterThan(0);
  });

  it("hashes the shares that were submitted before their job's release, not those after it", async () => {
    const validator = open({ jobSlots: 2 });
    const job = sampleStandardJob(1);
    const handle = validator.addJob(job);
    const before = Array.from({ length: 300 }, (_, seed) => sampleShare(handle, seed));
    const verdicts = validateAll(validator, before);
    validator.releaseJob(handle);
    const after = validateAll(validator, [sampleShare(handle, 1)]);
    const other = sampleStandardJob(2);
    const replacements = [validator.addJob(other)];
    expect(await verdicts).toEqual(expectedVerdicts(before, new Map([[handle, job]])));
    expect(await after).toEqual([UNKNOWN]);
    // Now both slots are free to be used, and neither hands out the released job.
    replacements.push(validator.addJob(other));
    expect(errorCode(() => validator.addJob(other))).toBe("job-limit");
    const shares = replacements.map((replacement) => sampleShare(replacement, 3));
    const jobs = new Map(replacements.map((replacement) => [replacement, other]));
    expect(await validateAll(validator, shares)).toEqual(expectedVerdicts(shares, jobs));
  });

  it.each([1, 8, 32])("gives the merkle roots of many extranonces of %i bytes", (size) => {
    const validator = open();
    const job = sampleExtendedJob(3, { prefix: 70 + size, levels: 3 });
    const handle = validator.addJob(job);
    for (const count of [0, 1, 5, 1025]) {
      const extranonces = bytesOf(size, count * size);
      const roots = validator.merkleRoots(handle, extranonces, size);
      const expected = Array.from({ length: count }, (_, index) =>
        job.kind === "extended" ? merkleRootOf(job, extranonces.subarray(index * size, (index + 1) * size)) : NO_BYTES,
      );
      expect(toHex(roots)).toBe(expected.map(toHex).join(""));
    }
  });

  it("gives no merkle roots of a standard or released job, or of extranonces of other sizes", () => {
    const validator = open();
    const standard = validator.addJob(sampleStandardJob(1));
    const extended = validator.addJob(sampleExtendedJob(1));
    const rootsOf = (handle: JobHandle, length: number, size: number) => () =>
      validator.merkleRoots(handle, new Uint8Array(length), size);
    expect(errorCode(rootsOf(standard, 8, 8))).toBe("job-invalid");
    expect(errorCode(rootsOf(extended, 33, 33))).toBe("job-invalid");
    expect(errorCode(rootsOf(extended, 0, 0))).toBe("job-invalid");
    expect(errorCode(rootsOf(extended, 9, 8))).toBe("job-invalid");
    validator.releaseJob(extended);
    expect(errorCode(rootsOf(extended, 8, 8))).toBe("job-unknown");
  });
}
