import { beforeEach, describe, expect, it } from "vitest";
import { PoolHarness } from "../session/session-fixture.ts";
import { NTIME, Rig } from "./channel-rig.ts";
import { PipelineRig } from "./pipeline-rig.ts";

let rig: PipelineRig;

beforeEach(() => {
  rig = new PipelineRig();
});

describe("standard channels' slots in the validator", () => {
  it("are taken with a job's first share, and given back with the job", () => {
    expect(rig.validator.live.standard).toBe(0);
    rig.mine(rig.channel);
    rig.mine(rig.channel, { ntime: NTIME + 1 });
    expect(rig.validator.live.standard).toBe(1);
    rig.template();
    rig.mine(rig.channel, { ntime: NTIME + 2 });
    expect(rig.validator.live.standard).toBe(2);
    for (let refresh = 0; refresh < 15; refresh += 1) rig.template();
    expect(rig.validator.live.standard, "the first job is forgotten").toBe(1);
    rig.template();
    expect(rig.validator.live.standard).toBe(0);
  });

  it("are bounded: shares beyond are validated over the coinbase, with the same verdict", () => {
    const bounded = new Rig(new PoolHarness({}, { maxStandardJobs: 1 }));
    const first = bounded.open();
    expect(bounded.mine(first)).toBe("accepted");
    expect(first.jobs.at(-1)?.standardHandle).toBeDefined();
    bounded.template();
    const share = bounded.view.share(first.channelId, { ntime: NTIME + 1 });
    expect(bounded.judge(first, share)).toBe("accepted");
    expect(first.jobs.at(-1)?.standardHandle).toBeUndefined();
    expect(bounded.judge(first, share)).toBe("duplicate-share");
    bounded.close(first.channelId);
    const other = bounded.open();
    expect(bounded.mine(other)).toBe("accepted");
    expect(other.jobs.at(-1)?.standardHandle, "a slot that was given back is used again").toBeDefined();
  });
});
