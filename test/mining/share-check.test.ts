import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../../src/mining/channel.ts";
import type { ChannelJob } from "../../src/mining/channel-job.ts";
import type { JobTemplate } from "../../src/mining/job-template.ts";
import { checkShare, MAX_FUTURE_SECONDS } from "../../src/mining/share-check.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { NOW, NTIME, Rig } from "./channel-rig.ts";

let channel: Channel;
let job: ChannelJob;
let good: ShareSubmission;

beforeEach(() => {
  const rig = new Rig();
  channel = rig.open({ kind: "extended" });
  [job] = channel.jobs as [ChannelJob];
  good = rig.view.share(channel.channelId);
});

type Case = { readonly submission?: Partial<ShareSubmission>; readonly tipEpoch?: number; readonly nowMs?: number };

function check(of: ChannelJob, { submission, tipEpoch = of.jobTemplate.tipEpoch, nowMs = NOW.wallMs }: Case): unknown {
  return checkShare(channel, of, { submission: { ...good, ...submission }, tipEpoch, nowMs });
}

function jobWith(fields: Partial<JobTemplate>): ChannelJob {
  return { ...job, jobTemplate: { ...job.jobTemplate, ...fields } };
}

/** Each fault alone, in the order in which verdicts are promised. */
const FAULTS: readonly (readonly [string, Case])[] = [
  ["stale-share", { tipEpoch: 99 }],
  ["bad-extranonce-size", { submission: { extranonce: new Uint8Array(7) } }],
  ["invalid-timestamp", { submission: { ntime: NTIME - 1 } }],
  ["invalid-non-rollable-version-bit", { submission: { version: 0x60000000 } }],
];

describe("a share before it is hashed", () => {
  it("has nothing wrong where its job, size, time and version are right", () => {
    expect(check(job, {})).toBeUndefined();
  });

  it.each(FAULTS)("is found to be a %s", (code, fault) => {
    expect(check(job, fault)).toBe(code);
  });

  it("with several faults gets the first of them in the promised order", () => {
    fc.assert(
      fc.property(fc.subarray([...FAULTS], { minLength: 1 }), (faults) => {
        const submission = Object.assign({}, ...faults.map(([, fault]) => fault.submission));
        const all = Object.assign({}, ...faults.map(([, fault]) => fault), { submission });
        expect(check(job, all)).toBe(faults[0]?.[0]);
      }),
    );
  });

  it.each([
    [7, "bad-extranonce-size"],
    [8, undefined],
    [9, "bad-extranonce-size"],
    [0, "bad-extranonce-size"],
  ])("with %d bytes of extranonce on a channel of 8 is %s", (length, verdict) => {
    expect(check(job, { submission: { extranonce: new Uint8Array(length) } })).toBe(verdict);
  });

  it("is stale on any other tip, an earlier one that came back too", () => {
    expect(check(job, { tipEpoch: job.jobTemplate.tipEpoch + 1 })).toBe("stale-share");
    expect(check(job, { tipEpoch: job.jobTemplate.tipEpoch - 1 })).toBe("stale-share");
  });
});

describe("a share's time", () => {
  const latest = NTIME + MAX_FUTURE_SECONDS;

  it.each([
    [NTIME - 1, 0, "invalid-timestamp"],
    [NTIME, 0, undefined],
    [latest, 0, undefined],
    [latest + 1, 0, "invalid-timestamp"],
    // The clock has a part of a second: the limit is exact.
    [latest + 1, 999, "invalid-timestamp"],
    [latest + 1, 1_000, undefined],
    [0xffffffff, 0, "invalid-timestamp"],
    [0, 0, "invalid-timestamp"],
  ])("of %d, %d ms later, is %s", (ntime, laterMs, verdict) => {
    expect(check(job, { submission: { ntime }, nowMs: NOW.wallMs + laterMs })).toBe(verdict);
  });

  it("equal to its job's min_ntime is good for the job's whole life", () => {
    expect(check(job, { submission: { ntime: NTIME }, nowMs: NOW.wallMs + 30 * 86_400_000 })).toBeUndefined();
  });
});

describe("a share's version", () => {
  it("may differ in the bits of BIP323, and in no other", () => {
    for (let bit = 0; bit < 32; bit += 1) {
      const version = (0x20000000 ^ (1 << bit)) >>> 0;
      const rollable = bit >= 5 && bit <= 28;
      expect(check(job, { submission: { version } }), `bit ${bit}`).toBe(
        rollable ? undefined : "invalid-non-rollable-version-bit",
      );
    }
  });

  it("may have all of them, and those that firmware rolls by OR", () => {
    expect(check(job, { submission: { version: 0x3fffffe0 } })).toBeUndefined();
    expect(check(job, { submission: { version: 0x20000000 | 0x1fffe000 } })).toBeUndefined();
  });

  it("is the job's where the job allows no rolling", () => {
    const fixed = jobWith({ versionRollingAllowed: false });
    expect(check(fixed, {})).toBeUndefined();
    expect(check(fixed, { submission: { version: 0x20000020 } })).toBe("version-rolling-not-allowed");
    expect(check(fixed, { submission: { version: 0x60000000 } })).toBe("version-rolling-not-allowed");
  });
});
