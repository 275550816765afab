import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import {
  extendedJobFrame,
  extendedJobFrameBytes,
  newPrevHashFrame,
  standardJobFrame,
} from "../../src/mining/job-frames.ts";
import { buildJobTemplate, type JobTemplate } from "../../src/mining/job-template.ts";
import { workKind } from "../../src/mining/work-kind.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { HARD_BITS, type ReceivedFrame, read, template } from "../session/session-fixture.ts";

function jobTemplate(fields: Parameters<typeof template>[0] = {}): JobTemplate {
  return buildJobTemplate({
    template: template({ bits: HARD_BITS, merklePath: [new Uint8Array(32).fill(4)], ...fields }),
    tipEpoch: 1,
    tip: 1,
    minNtime: 1_700_000_123,
    kind: workKind(16, { key: "pool", script: new Uint8Array([0x51]), cuts: [] }),
    poolTag: "/t/",
  });
}

function received(frame: Uint8Array): ReceivedFrame {
  const [low = 0, high = 0, msgType = 0] = frame;
  const header = {
    extensionType: low | ((high & 0x7f) << 8),
    channelMsg: high >= 0x80,
    msgType,
    length: frame.length - 6,
  };
  return { header, payload: frame.subarray(6) };
}

describe("the frame of an extended job", () => {
  const job = jobTemplate();

  it("carries what shares of it are judged by", () => {
    const frame = received(extendedJobFrame(job, { channelId: 7, jobId: 9, future: false }));
    expect(frame.header).toMatchObject({ extensionType: 0, channelMsg: true });
    expect(read(frame, NewExtendedMiningJob)).toEqual({
      channel_id: 7,
      job_id: 9,
      min_ntime: 1_700_000_123,
      version: job.version,
      version_rolling_allowed: true,
      merkle_path: job.template.merklePath,
      coinbase_tx_prefix: job.coinbasePrefix,
      coinbase_tx_suffix: job.coinbaseSuffix,
    });
  });

  it("has no min_ntime where the job is a future one", () => {
    const frame = received(extendedJobFrame(job, { channelId: 7, jobId: 9, future: true }));
    expect(read(frame, NewExtendedMiningJob)).toMatchObject({ channel_id: 7, job_id: 9, min_ntime: undefined });
  });

  it("is each address's own, though it is serialised once", () => {
    const first = extendedJobFrame(job, { channelId: 0xfffffffe, jobId: 0x80000001, future: false });
    const text = toHex(first);
    const second = extendedJobFrame(job, { channelId: 2, jobId: 3, future: false });
    second.fill(0);
    expect(toHex(first)).toBe(text);
    expect(read(received(first), NewExtendedMiningJob)).toMatchObject({ channel_id: 0xfffffffe, job_id: 0x80000001 });
    const third = received(extendedJobFrame(job, { channelId: 2, jobId: 3, future: false }));
    expect(read(third, NewExtendedMiningJob)).toMatchObject({ channel_id: 2, job_id: 3 });
  });

  it("is that of its own job template", () => {
    const other = jobTemplate({ version: 0x20000004 });
    const frame = received(extendedJobFrame(other, { channelId: 1, jobId: 1, future: false }));
    expect(read(frame, NewExtendedMiningJob).version).toBe(0x20000004);
  });

  it("is as long as it was said to be at most", () => {
    expect(extendedJobFrame(job, { channelId: 1, jobId: 1, future: false })).toHaveLength(extendedJobFrameBytes(job));
    expect(extendedJobFrame(job, { channelId: 1, jobId: 1, future: true })).toHaveLength(
      extendedJobFrameBytes(job) - 4,
    );
  });
});

describe("the frame of a standard job", () => {
  it.each([
    [false, 1_700_000_123],
    [true, undefined],
  ])("that is future (%s) has min_ntime %s", (future, min_ntime) => {
    const job = jobTemplate({ version: 0x3fffffff });
    const root = new Uint8Array(32).fill(0x77);
    const frame = received(standardJobFrame(job, root, { channelId: 7, jobId: 9, future }));
    expect(frame.header).toMatchObject({ extensionType: 0, channelMsg: true });
    expect(read(frame, NewMiningJob)).toEqual({
      channel_id: 7,
      job_id: 9,
      min_ntime,
      version: 0x2000001f,
      merkle_root: root,
    });
  });
});

describe("the frame of a new tip", () => {
  it("names the job, and carries the tip as it stands in headers", () => {
    const job = jobTemplate({ prevHash: new Uint8Array(32).map((_, index) => index) });
    const frame = received(newPrevHashFrame(job, { channelId: 7, jobId: 9, future: true }));
    expect(frame.header).toMatchObject({ extensionType: 0, channelMsg: true });
    expect(read(frame, SetNewPrevHash)).toEqual({
      channel_id: 7,
      job_id: 9,
      prev_hash: job.template.prevHash,
      min_ntime: 1_700_000_123,
      nbits: HARD_BITS,
    });
  });
});
