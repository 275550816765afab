/** The verdicts of a `ShareValidator`: proof of work, both targets, and shares of no known job. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";
import type { ShareFields } from "../../src/sharecore/index.ts";
import { arbitraryJob, arbitraryShare } from "./arbitrary-shares.ts";
import { extendedJob357238, genesisExtendedJob, minedFields, REAL_BLOCKS, standardJob } from "./real-blocks.ts";
import * as samples from "./share-samples.ts";
import type { Open } from "./validator-fixture.ts";

const { EASIEST, expectedVerdicts, HARDEST, NO_BYTES, plus, sampleExtendedJob, sampleShare, sampleStandardJob } =
  samples;
const { UNKNOWN, validateAll } = samples;

/** A hash as explorers print it, in the order of memory. */
const inMemory = (hash: string): string => toHex(reversed(fromHex(hash)));

export function describeVerdicts(open: Open): void {
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
