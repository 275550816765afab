import { describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { PoolHarness } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { NTIME, Rig } from "./channel-rig.ts";

const HARD = targetOfDifficulty(1e-5);

function rigOf(maxRegisteredTemplates: number): { readonly rig: Rig; readonly validator: SteeredValidator } {
  const validator = new SteeredValidator();
  return { validator, rig: new Rig(new PoolHarness({}, { validator, maxRegisteredTemplates })) };
}

describe("job templates' slots in the validator", () => {
  it("are taken with the first share, once for all channels, and given back with the last job", () => {
    const { rig, validator } = rigOf(10);
    const [one, other] = [rig.open({ kind: "extended" }), rig.open({ kind: "extended" })];
    for (const channel of [one, other]) rig.mine(channel);
    expect(validator.live.extended).toBe(1);
    rig.close(one.channelId);
    expect(validator.live.extended, "the other channel has a job of it").toBe(1);
    rig.close(other.channelId);
    expect(validator.live.extended).toBe(0);
  });

  it("are kept for the last 16 jobs of a channel, and not one longer", () => {
    const { rig, validator } = rigOf(100);
    const channel = rig.open({ kind: "extended" });
    for (let job = 1; job <= 16; job += 1) {
      rig.mine(channel, { ntime: NTIME + job });
      expect(validator.live.extended).toBe(job);
      rig.template();
    }
    expect(validator.live.extended).toBe(15);
  });

  it("are bounded: a further one takes the place of the first, which comes back with its next share", () => {
    const { rig, validator } = rigOf(2);
    const channel = rig.open({ kind: "extended" });
    rig.connection.setTarget(channel, shareTarget(HARD));
    const jobs: number[] = [];
    for (let job = 0; job < 3; job += 1) {
      rig.template();
      jobs.push(rig.view.channel(channel.channelId).current);
    }
    for (const [index, jobId] of [...jobs, ...jobs].entries()) {
      expect(rig.mine(channel, { jobId, ntime: NTIME + index, meets: HARD })).toBe("accepted");
      expect(validator.live.extended).toBe(Math.min(2, index + 1));
    }
  });

  it("are not taken from shares that were gathered and are not validated yet", () => {
    const { rig, validator } = rigOf(1);
    const channel = rig.open({ kind: "extended" });
    rig.connection.setTarget(channel, shareTarget(HARD));
    rig.template();
    const first = rig.view.share(channel.channelId, { meets: HARD });
    rig.template();
    const second = rig.view.share(channel.channelId, { meets: HARD, ntime: NTIME + 1 });
    validator.holding = true;
    const { pool, outcomes } = rig.harness;
    const now = { wallMs: 1000 * NTIME, monotonicMs: 0 };
    for (const share of [first, second, { ...first, nonce: first.nonce + 1 }]) pool.addShare(channel, share, now);
    pool.flushShares();
    validator.deliver();
    expect(outcomes.map((outcome) => outcome.replace(/^\S+ (?:\d+ )?/, ""))).toEqual([
      "accepted",
      "accepted",
      "difficulty-too-low",
    ]);
  });
});
