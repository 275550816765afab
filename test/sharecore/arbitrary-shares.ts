/** Random jobs and shares, with targets around the hash so that every comparison is met. */

import fc from "fast-check";
import type { ExtendedJob, Job, JobHandle, ShareFields, StandardJob } from "../../src/sharecore/index.ts";
import { judge } from "../../src/sharecore/js-verdict.ts";
import { NO_BYTES, plus } from "./share-samples.ts";

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
const u32 = fc.nat({ max: 0xffff_ffff });

const commonFields = { prevHash: bytes(32), version: u32, bits: u32, networkTarget: bytes(32) };

const arbitraryStandardJob: fc.Arbitrary<StandardJob> = fc.record({
  kind: fc.constant("standard" as const),
  ...commonFields,
  merkleRoot: bytes(32),
});

const arbitraryExtendedJob: fc.Arbitrary<ExtendedJob> = fc.record({
  kind: fc.constant("extended" as const),
  ...commonFields,
  coinbasePrefix: bytes(1, 200),
  coinbaseSuffix: bytes(1, 200),
  merklePath: fc.array(bytes(32), { maxLength: 4 }),
});

export const arbitraryJob: fc.Arbitrary<Job> = fc.oneof(arbitraryStandardJob, arbitraryExtendedJob);

/** A share that still has to be bound to one of the jobs. */
type Draw = (handles: readonly JobHandle[], jobs: ReadonlyMap<JobHandle, Job>) => ShareFields;

export const arbitraryShare: fc.Arbitrary<Draw> = fc
  .record({
    pick: fc.nat(),
    version: u32,
    rollsVersion: fc.boolean(),
    ntime: u32,
    nonce: u32,
    extranonce: bytes(0, 32),
    difference: fc.constantFrom(-1n, 0n, 1n, -(1n << 64n), 1n << 200n),
  })
  .map(({ pick, version, rollsVersion, ntime, nonce, extranonce, difference }) => (handles, jobs) => {
    const handle = handles[pick % handles.length] as JobHandle;
    const job = jobs.get(handle) as Job;
    const share: ShareFields = {
      job: handle,
      version: rollsVersion ? version : job.version,
      ntime,
      nonce,
      target: new Uint8Array(32),
      extranonce: job.kind === "standard" ? NO_BYTES : extranonce,
    };
    return { ...share, target: plus(judge(job, share).hash, difference) };
  });
