/** What every implementation of `ShareValidator` must do. Each backend's test file runs it. */

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";
import type { Job, JobHandle, ShareFields, ShareValidator } from "../../src/sharecore/index.ts";
import { SharecoreError } from "../../src/sharecore/index.ts";
import { merkleRootOf } from "../../src/sharecore/js-verdict.ts";
import { arbitraryJob, arbitraryShare } from "./arbitrary-shares.ts";
import { extendedJob357238, genesisExtendedJob, minedFields, REAL_BLOCKS, standardJob } from "./real-blocks.ts";
import * as samples from "./share-samples.ts";

const { EASIEST, expectedVerdicts, HARDEST, NO_BYTES, plus, sampleExtendedJob, sampleShare, sampleStandardJob } =
  samples;
const { UNKNOWN, validateAll } = samples;

/** A hash as explorers print it, in the order of memory. */
const inMemory = (hash: string): string => toHex(reversed(fromHex(hash)));

type Create = (options: { jobSlots?: number }) => ShareValidator;

const errorCode = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof SharecoreError) return error.code;
    throw error;
  }
  return "no error";
};

export function describeValidator(name: string, create: Create): void {
  describe(name, () => {
    const opened: ShareValidator[] = [];
    const open = (options: { jobSlots?: number } = {}): ShareValidator => {
      const validator = create(options);
      opened.push(validator);
      return validator;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((validator) => validator.close()));
    });

    describeVerdicts(open);
    describeJobs(open);
    describeBatches(open);
    describeOrder(open);
  });
}

type Open = (options?: { jobSlots?: number }) => ShareValidator;

function describeVerdicts(open: Open): void {
  it.each(REAL_BLOCKS)("finds the proof of work of $name", async (block) => {
    const validator = open();
    const job = validator.addJob(standardJob(block));
    const share = { job, ...minedFields(block), target: EASIEST, extranonce: NO_BYTES };
    const [verdict] = await validateAll(validator, [share]);
    expect(verdict?.flags).toBe(3);
    expect(verdict?.hash).toBe(inMemory(block.hash));
  });

  it.each([
    [REAL_BLOCKS[0], genesisExtendedJob()],
    [REAL_BLOCKS[2], extendedJob357238()],
  ])("finds it from coinbase and path: $name", async (block, { job, extranonce }) => {
    if (block === undefined) throw new Error("no block");
    const validator = open();
    const share = { job: validator.addJob(job), ...minedFields(block), target: HARDEST, extranonce };
    const [verdict] = await validateAll(validator, [share]);
    expect(verdict?.flags).toBe(2);
    expect(verdict?.hash).toBe(inMemory(block.hash));
  });

  it("meets both targets at the hash and above it, neither below it", async () => {
    const [block] = REAL_BLOCKS;
    if (block === undefined) throw new Error("no block");
    const validator = open();
    const hash = reversed(fromHex(block.hash));
    for (const difference of [-1n, 0n, 1n]) {
      const at = plus(hash, difference);
      for (const { base, extranonce } of [
        { base: standardJob(block), extranonce: NO_BYTES },
        { base: genesisExtendedJob().job, extranonce: genesisExtendedJob().extranonce },
      ]) {
        const easyJob = validator.addJob({ ...base, networkTarget: EASIEST });
        const job = validator.addJob({ ...base, networkTarget: at });
        const mined = { ...minedFields(block), extranonce };
        const verdicts = await validateAll(validator, [
          { ...mined, job: easyJob, target: at },
          { ...mined, job, target: HARDEST },
          { ...mined, job, target: at },
        ]);
        expect(verdicts.map(({ flags }) => flags)).toEqual(difference < 0n ? [2, 0, 0] : [3, 2, 3]);
      }
    }
  });

  it("compares every byte of hash and target", async () => {
    const [block] = REAL_BLOCKS;
    if (block === undefined) throw new Error("no block");
    const validator = open();
    const hash = reversed(fromHex(block.hash));
    const job = validator.addJob({ ...standardJob(block), networkTarget: HARDEST });
    const shares: ShareFields[] = [];
    const expected: number[] = [];
    for (let index = 0; index < 32; index += 1) {
      for (const step of [-1, 1]) {
        const target = hash.slice();
        const changed = (target[index] ?? 0) + step;
        if (changed < 0 || changed > 255) continue;
        target[index] = changed;
        shares.push({ job, ...minedFields(block), target, extranonce: NO_BYTES });
        expected.push(step === 1 ? 1 : 0);
      }
    }
    const verdicts = await validateAll(validator, shares);
    expect(verdicts.map(({ flags }) => flags)).toEqual(expected);
  });

  it("judges any mixture of jobs and shares as the reference does", async () => {
    const validator = open();
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryJob, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(arbitraryShare),
        async (drawn, stream) => {
          const jobs = new Map(drawn.map((job) => [validator.addJob(job), job]));
          const handles = [...jobs.keys()];
          const shares = [...stream.take(40)].map((draw) => draw(handles, jobs));
          expect(await validateAll(validator, shares)).toEqual(expectedVerdicts(shares, jobs));
          for (const handle of handles) validator.releaseJob(handle);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("takes extranonces of 0 to 32 bytes with one job", async () => {
    const validator = open();
    const job = sampleExtendedJob(5);
    const handle = validator.addJob(job);
    const shares = Array.from({ length: 33 }, (_, size) => sampleShare(handle, size, size));
    expect(await validateAll(validator, shares)).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
  });

  it("knows neither another generation, nor another slot, nor an extranonce on a standard job", async () => {
    const validator = open({ jobSlots: 4 });
    const job = validator.addJob(sampleStandardJob(1));
    const { slot, generation } = job;
    const strangers = [
      { slot, generation: generation + 1 },
      { slot, generation: generation - 1 },
      { slot: slot + 1, generation },
      { slot: 4, generation },
      { slot: 0xffff_ffff, generation },
      { slot: slot + 1, generation: 0 },
      { slot, generation: 0 },
    ];
    const shares = strangers.map((stranger) => ({ ...sampleShare(job, 3), job: stranger, target: EASIEST }));
    shares.push({ ...sampleShare(job, 4, 1), target: EASIEST });
    expect(await validateAll(validator, shares)).toEqual(shares.map(() => UNKNOWN));
  });
}

function describeJobs(open: Open): void {
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
      const extranonces = samples.bytesOf(size, count * size);
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

function describeBatches(open: Open): void {
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
        validator.submit(batch, (answer) => resolve(samples.copyVerdicts(answer)));
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

function describeOrder(open: Open): void {
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
