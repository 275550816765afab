import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { type RunEntry, ShareRun } from "../../src/mining/share-run.ts";
import type { ShareBatch, ShareFields } from "../../src/sharecore/types.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { NO_WORKER } from "../../src/wire/worker-field.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { Rig } from "./channel-rig.ts";

/** A batch that keeps copies of what it was given. */
class RecordingBatch implements ShareBatch {
  readonly pushed: ShareFields[] = [];
  readonly capacity: number;
  constructor(capacity: number) {
    this.capacity = capacity;
  }
  get count(): number {
    return this.pushed.length;
  }
  push(share: ShareFields): number {
    this.pushed.push({ ...share, extranonce: share.extranonce.slice() });
    return this.pushed.length - 1;
  }
  clear(): void {
    this.pushed.length = 0;
  }
}

const rig = new Rig();
const extended = rig.open({ kind: "extended", minExtranonceSize: 16 });
const standard = rig.open({ kind: "standard" });
const [job] = extended.jobs;
const [standardJob] = standard.jobs;
if (job === undefined || standardJob === undefined) throw new Error("no job");
job.jobTemplate.handle = { slot: 1, generation: 2 };
standardJob.jobTemplate.handle = { slot: 3, generation: 4 };

function submission(fields: Partial<ShareSubmission> = {}): ShareSubmission {
  return {
    channelId: 1,
    sequenceNumber: 0xffffffff,
    jobId: 1,
    nonce: 0xfffffffe,
    ntime: 0xfffffffd,
    version: 0xfffffffc,
    extranonce: new Uint8Array(16).fill(9),
    tlvStart: 0,
    worker: NO_WORKER,
    ...fields,
  };
}

function runOf(capacity: number): { run: ShareRun; batch: RecordingBatch } {
  const batch = new RecordingBatch(capacity);
  const validator = new SteeredValidator();
  validator.createBatch = () => batch;
  return { run: new ShareRun(validator, capacity), batch };
}

function entryOf(run: ShareRun, index: number): Partial<RunEntry> {
  const entry: Partial<RunEntry> = {};
  run.read(index, entry as RunEntry);
  return entry;
}

describe("a run of shares", () => {
  it("keeps each share's fields beside the batch, and gives the validator all bytes of its extranonce", () => {
    const { run, batch } = runOf(4);
    run.add(extended, job, { submission: submission(), early: "stale-share" });
    expect(entryOf(run, 0)).toEqual({
      channel: extended,
      job,
      early: "stale-share",
      batchIndex: 0,
      sequenceNumber: 0xffffffff,
      version: 0xfffffffc,
      ntime: 0xfffffffd,
      nonce: 0xfffffffe,
      worker: NO_WORKER,
    });
    const extranonce = concatBytes(extended.extranoncePrefix, new Uint8Array(16).fill(9));
    expect(run.extranonce(0)).toEqual(extranonce);
    expect(batch.pushed).toEqual([
      {
        job: job.jobTemplate.handle,
        version: 0xfffffffc,
        ntime: 0xfffffffd,
        nonce: 0xfffffffe,
        target: job.target,
        extranonce,
      },
    ]);
  });

  it("keeps a share's bytes when those of its frame are overwritten", () => {
    const { run } = runOf(4);
    const share = submission();
    run.add(extended, job, { submission: share, early: undefined });
    share.extranonce.fill(0);
    run.add(extended, job, { submission: submission({ extranonce: new Uint8Array(16).fill(5) }), early: undefined });
    expect(run.extranonce(0).subarray(8)).toEqual(new Uint8Array(16).fill(9));
    expect(run.extranonce(1).subarray(8)).toEqual(new Uint8Array(16).fill(5));
  });

  it("asks for a standard job by its own slot where it has one, and over the coinbase where it has none", () => {
    const { run, batch } = runOf(4);
    const share = submission({ extranonce: new Uint8Array(0) });
    run.add(standard, standardJob, { submission: share, early: undefined });
    const handle = { slot: 5, generation: 6 };
    run.add(standard, { ...standardJob, standardHandle: handle }, { submission: share, early: undefined });
    expect(batch.pushed.map((one) => [one.job, one.extranonce.length])).toEqual([
      [standardJob.jobTemplate.handle, 16],
      [handle, 0],
    ]);
    expect(run.extranonce(1), "a block needs it all the same").toEqual(standard.extranoncePrefix);
  });

  it("keeps the places of shares that are not hashed", () => {
    const { run, batch } = runOf(4);
    run.addUnhashed(extended, submission({ sequenceNumber: 1 }), "invalid-job-id");
    run.add(extended, job, { submission: submission(), early: undefined });
    run.addUnhashed(extended, submission({ sequenceNumber: 3 }), "bad-extranonce-size");
    expect(batch.count).toBe(1);
    expect(entryOf(run, 0)).toMatchObject({
      job: undefined,
      batchIndex: -1,
      sequenceNumber: 1,
      early: "invalid-job-id",
    });
    expect(entryOf(run, 1)).toMatchObject({ job, batchIndex: 0, early: undefined });
    expect(entryOf(run, 2)).toMatchObject({ batchIndex: -1, sequenceNumber: 3, early: "bad-extranonce-size" });
    expect(() => entryOf(run, 3)).toThrow(RangeError);
  });

  it("keeps the name of the worker of each share, up to 32 bytes, and nothing of the one before", () => {
    const { run } = runOf(4);
    const names = ["a name of exactly 32 bytes......", "rig", ""].map((name) => new TextEncoder().encode(name));
    const [longest, short, none] = names as [Uint8Array, Uint8Array, Uint8Array];
    const passing = longest.slice();
    run.add(extended, job, { submission: submission({ worker: passing }), early: undefined });
    passing.fill(0);
    run.addUnhashed(extended, submission({ worker: short }), "invalid-job-id");
    run.add(extended, job, { submission: submission({ worker: none }), early: undefined });
    run.add(extended, job, { submission: submission({ worker: new Uint8Array(33) }), early: "invalid-user-identity" });
    expect(longest).toHaveLength(32);
    for (const [index, name] of [longest, short, none, none].entries())
      expect(entryOf(run, index).worker).toEqual(name);
  });

  it("is full at its capacity, whether its shares are hashed or not", () => {
    const { run } = runOf(2);
    run.addUnhashed(extended, submission({ sequenceNumber: 1 }), "invalid-job-id");
    expect([run.count, run.full]).toEqual([1, false]);
    run.add(extended, job, { submission: submission(), early: undefined });
    expect([run.count, run.full]).toEqual([2, true]);
  });

  it("is empty when it is used again", () => {
    const { run, batch } = runOf(2);
    run.add(extended, job, { submission: submission(), early: "stale-share" });
    run.add(extended, job, { submission: submission(), early: "stale-share" });
    run.forget();
    expect(run.reuse()).toBe(run);
    expect([run.count, run.full, batch.count]).toEqual([0, false, 0]);
    run.add(standard, standardJob, { submission: submission({ extranonce: new Uint8Array(0) }), early: undefined });
    expect(entryOf(run, 0)).toMatchObject({ channel: standard, early: undefined, batchIndex: 0 });
    expect(run.extranonce(0)).toEqual(standard.extranoncePrefix);
  });
});
