import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { template } from "../session/session-fixture.ts";
import { within } from "../support/wait.ts";
import { A, B, NOW, NTIME } from "./channel-rig.ts";
import { PipelineRig } from "./pipeline-rig.ts";

let rig: PipelineRig;

beforeEach(() => {
  rig = new PipelineRig();
});

describe("shares under way", () => {
  beforeEach(() => {
    rig.validator.holding = true;
  });

  it("are waited for until the last one is settled", async () => {
    let settled = false;
    rig.add(1);
    const waiting = rig.harness.pool.settled().then(() => {
      settled = true;
    });
    expect(rig.validator.taken, "what was gathered is handed over first; there is nothing to hash in it").toEqual([0]);
    await Promise.resolve();
    expect(settled).toBe(false);
    rig.add(2);
    rig.flush();
    rig.validator.deliver(1);
    expect(rig.outcomes()).toEqual(["1 invalid-job-id"]);
    await Promise.resolve();
    expect(settled, "another run is under way").toBe(false);
    rig.validator.deliver();
    await within(waiting, "all shares are settled");
    expect(rig.outcomes()).toEqual(["1 invalid-job-id", "2 invalid-job-id"]);
  });

  it("are not waited for where there are none", async () => {
    await rig.harness.pool.settled();
    rig.add(1);
    rig.flush();
    rig.validator.deliver();
    await rig.harness.pool.settled();
    expect(rig.outcomes()).toHaveLength(1);
  });

  it("of a channel that is closed before their verdict count all the same: they were earned before", () => {
    rig.add(1, { jobId: rig.good.jobId });
    rig.add(2);
    rig.flush();
    rig.close(rig.channel.channelId);
    rig.validator.deliver();
    expect(rig.harness.outcomes).toEqual([`${rig.channel.key} accepted`, `${rig.channel.key} 2 invalid-job-id`]);
    expect(rig.channel.tally.take().credits).toMatchObject([{ acceptedShares: 1, rejects: { "invalid-job-id": 1 } }]);
  });

  it("are looked at for blocks before any of them is settled", () => {
    rig.harness.pool.setTemplate(template({ prevHash: A }));
    const block = rig.view.share(rig.channel.channelId, { meets: targetOfDifficulty(1e-9) });
    rig.add(1);
    rig.harness.pool.addShare(rig.channel, block, NOW);
    rig.harness.onRejected = (): void => {
      rig.harness.outcomes.push(`rejected with ${rig.harness.blocks.length} block on its way`);
    };
    rig.flush();
    rig.validator.deliver();
    expect(rig.harness.outcomes).toEqual(["rejected with 1 block on its way", `${rig.channel.key} accepted block`]);
  });

  it("may close a channel while others wait for the turn's end: those come after, and the slot is given back", () => {
    const other = rig.open();
    const otherShare = rig.view.share(other.channelId);
    rig.add(1, { jobId: rig.good.jobId });
    rig.flush();
    rig.harness.pool.addShare(other, otherShare, NOW);
    rig.harness.onAccepted = (one): void => {
      rig.harness.outcomes.push(one.key);
      if (one === rig.channel) rig.close(rig.channel.channelId);
    };
    expect(rig.validator.live.standard).toBe(2);
    rig.validator.deliver(1);
    expect(rig.harness.outcomes).toEqual([rig.channel.key]);
    expect(rig.validator.live.standard, "of the closed channel no longer").toBe(1);
    rig.validator.deliver();
    expect(rig.harness.outcomes).toEqual([rig.channel.key, other.key]);
  });

  it("are judged by the target of their job, whatever changes before their verdict", () => {
    const share = rig.view.share(rig.channel.channelId, { ntime: NTIME + 1 });
    rig.harness.pool.addShare(rig.channel, share, NOW);
    rig.flush();
    rig.template({ prevHash: B });
    rig.validator.deliver();
    expect(rig.outcomes()).toEqual(["accepted"]);
    expect(rig.channel.tally.take().credits[0]?.difficulty).toBe(rig.channel.jobs[0]?.difficulty);
  });
});
