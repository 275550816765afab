import { beforeEach, describe, expect, it } from "vitest";
import { VERDICT_UNKNOWN_JOB } from "../../src/sharecore/types.ts";
import { PipelineRig, RUN } from "./pipeline-rig.ts";

let rig: PipelineRig;

beforeEach(() => {
  rig = new PipelineRig();
});

describe("the shares of one turn", () => {
  it("are judged in the order in which they came, whatever needs a hash and whatever does not", () => {
    rig.add(1);
    rig.add(2, { jobId: rig.good.jobId });
    rig.add(3, { jobId: rig.good.jobId, extranonce: new Uint8Array(2) });
    rig.add(4, { jobId: rig.good.jobId, ntime: 5 });
    rig.add(5, { jobId: rig.good.jobId, nonce: rig.good.nonce + 2 });
    rig.add(6);
    expect(rig.harness.outcomes, "nothing before the turn's end").toEqual([]);
    rig.flush();
    expect(rig.outcomes()).toEqual([
      "1 invalid-job-id",
      "accepted",
      "3 bad-extranonce-size",
      "4 invalid-timestamp",
      "5 duplicate-share",
      "6 invalid-job-id",
    ]);
  });

  it("ask once for a flush, and so do those of the next", () => {
    rig.add(1);
    rig.add(2);
    expect(rig.harness.gathered).toBe(1);
    rig.flush();
    rig.add(3);
    expect(rig.harness.gathered).toBe(2);
  });

  it("fill one run, and the next share begins another", () => {
    for (let share = 1; share <= RUN; share += 1) rig.add(share, { jobId: rig.good.jobId });
    expect(rig.validator.taken).toEqual([]);
    rig.add(RUN + 1, { jobId: rig.good.jobId });
    expect(rig.validator.taken).toEqual([RUN]);
    rig.flush();
    expect(rig.validator.taken).toEqual([RUN, 1]);
    expect(rig.channel.tally.take().acceptedShares).toBe(RUN + 1);
  });

  it("leave nothing behind in a run that is used again", () => {
    rig.add(1, { jobId: rig.good.jobId, ntime: 5 });
    rig.add(2, { jobId: rig.good.jobId });
    rig.flush();
    rig.harness.outcomes.length = 0;
    for (let turn = 3; turn < 6; turn += 1) {
      rig.add(turn, { jobId: rig.good.jobId });
      rig.flush();
    }
    expect(rig.outcomes()).toEqual(["accepted", "accepted", "accepted"]);
    expect(rig.validator.taken, "each run is emptied first").toEqual([2, 1, 1, 1]);
  });
});

describe("a fault of ours", () => {
  it("in one share's handling costs no other share its verdict, and is logged", () => {
    const accepted = rig.harness.onAccepted.bind(rig.harness);
    let calls = 0;
    rig.harness.onAccepted = (...args): void => {
      calls += 1;
      if (calls === 1) throw new Error("injected");
      accepted(...args);
    };
    rig.add(1, { jobId: rig.good.jobId });
    rig.add(2, { jobId: rig.good.jobId });
    rig.flush();
    expect(rig.outcomes()).toEqual(["accepted"]);
    expect(rig.harness.logger.of("a share could not be settled")).toEqual([
      { channel: rig.channel.key, stack: expect.stringContaining("injected") },
    ]);
  });

  it("that makes the validator forget a job is logged, and its shares are rejected", () => {
    const submit = rig.validator.submit.bind(rig.validator);
    rig.validator.submit = (batch, onVerdicts) =>
      submit(batch, (verdicts) =>
        onVerdicts({
          count: verdicts.count,
          flags: () => VERDICT_UNKNOWN_JOB,
          hash: (index) => verdicts.hash(index),
        }),
      );
    rig.add(1, { jobId: rig.good.jobId });
    rig.flush();
    expect(rig.outcomes()).toEqual(["1 invalid-job-id"]);
    expect(rig.harness.logger.of("a known job was unknown to the share validator")).toEqual([
      { jobId: rig.good.jobId },
    ]);
  });
});

describe("the pool's counters", () => {
  it("count each share once, by its fate", () => {
    rig.mine(rig.channel);
    for (let share = 1; share <= 3; share += 1) rig.judge(rig.channel, rig.good);
    rig.judge(rig.channel, { ...rig.good, jobId: 99 });
    rig.harness.pool.noteStrayShare("invalid-channel-id");
    rig.harness.pool.noteStrayShare("before-channel");
    rig.harness.pool.noteStrayShare("before-channel");
    expect(rig.harness.counted("adit_shares_accepted_total")).toBe(1);
    expect(rig.harness.counted("adit_shares_rejected_total", "duplicate-share")).toBe(3);
    expect(rig.harness.counted("adit_shares_rejected_total", "invalid-job-id")).toBe(1);
    expect(rig.harness.counted("adit_shares_rejected_total", "invalid-channel-id")).toBe(1);
    expect(rig.harness.counted("adit_shares_before_channel_total")).toBe(2);
  });
});
