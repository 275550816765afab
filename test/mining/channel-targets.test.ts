import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { EASIEST, PoolHarness, read } from "../session/session-fixture.ts";
import { B, later, NOW, Rig } from "./channel-rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

function types(): string[] {
  return rig.frames().map(({ header }) => `0x${header.msgType.toString(16)}`);
}

describe("an update", () => {
  let channel: Channel;

  beforeEach(() => {
    channel = rig.open({ nominalHashrate: 2 ** 32 });
    rig.frames();
  });

  const update = (nominalHashrate: number, maxTarget: Uint8Array = EASIEST): unknown =>
    rig.connection.update(channel.channelId, { nominalHashrate, maxTarget, now: NOW });

  it("is answered at once with the target that follows from it, even where that is the same", () => {
    expect(update(2 ** 33)).toBeUndefined();
    const [frame, more] = rig.frames();
    expect(read(frame, SetTarget)).toEqual({ channel_id: channel.channelId, maximum_target: channel.target.bytes });
    expect(more).toBeUndefined();
    expect(channel.target.difficulty).toBeCloseTo(10, 2);
    update(2 ** 33);
    expect(types()).toEqual(["0x21"]);
    expect(channel.nominalHashrate).toBe(2 ** 33);
  });

  it("that makes the target easier is followed by a job, on the same tip", () => {
    update(2 ** 30);
    expect(types()).toEqual(["0x21", "0x15"]);
  });

  it("honours a smaller maximum target, now and afterwards", () => {
    const maxTarget = targetToBytes(targetOfDifficulty(1000));
    update(2 ** 30, maxTarget);
    const { bytes, difficulty } = channel.target;
    expect(difficulty).toBe(1000);
    rig.frames();
    rig.template({ prevHash: B });
    expect(channel.jobs.at(-1)?.target).toEqual(bytes);
  });

  it.each([
    [-1, EASIEST, "invalid-nominal-hashrate"],
    [Number.NaN, EASIEST, "invalid-nominal-hashrate"],
    [1, new Uint8Array(32), "max-target-out-of-range"],
  ])("of %d is refused and changes nothing", (nominalHashrate, maxTarget, code) => {
    const { target } = channel;
    expect(update(nominalHashrate, maxTarget)).toBe(code);
    expect(channel).toMatchObject({ target, nominalHashrate: 2 ** 32 });
    expect(rig.frames()).toEqual([]);
  });

  it("of a group is refused: it names no channel", () => {
    const now = NOW;
    expect(rig.connection.update(channel.groupChannelId, { nominalHashrate: 1, maxTarget: EASIEST, now })).toBe(
      "invalid-channel-id",
    );
  });

  it("sends no job while there is no work on the node's tip; the next work has the new target", () => {
    rig.harness.pool.suspendWork();
    update(2 ** 20);
    expect(types()).toEqual(["0x21"]);
    rig.template({ prevHash: B });
    expect(channel.jobs.at(-1)?.target).toEqual(channel.target.bytes);
  });
});

describe("difficulty control", () => {
  it("sends SetTarget where the rate is wrong, and a job where it eases; never past the client's maximum", () => {
    rig = new Rig(new PoolHarness({ vardiff: true }));
    const maxTarget = targetToBytes(targetOfDifficulty(0.5));
    const channel = rig.open({ nominalHashrate: 2 ** 32, maxTarget });
    rig.frames();
    rig.harness.pool.retarget(later(2));
    expect(rig.frames()).toEqual([]);
    let second = 60;
    for (; second < 3_000; second += 60) rig.harness.pool.retarget(later(second));
    expect(channel.target.bytes).toEqual(maxTarget);
    const frames = types();
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.filter((_, index) => index % 2 === 0).every((type) => type === "0x21")).toBe(true);
    expect(frames.filter((_, index) => index % 2 === 1).every((type) => type === "0x15")).toBe(true);
    rig.harness.pool.retarget(later(6_000));
    expect(rig.frames(), "what cannot ease any more is not said again").toEqual([]);
  });

  it("begins anew with each change, its own and one that the client asks for", () => {
    rig = new Rig(new PoolHarness({ vardiff: true }));
    const { channelId } = rig.open({ nominalHashrate: 2 ** 32 });
    rig.frames();
    rig.harness.pool.retarget(later(70));
    expect(types()).toEqual(["0x21", "0x15"]);
    rig.harness.pool.retarget(later(71));
    expect(rig.frames(), "a second is too short to judge by").toEqual([]);
    const request = { nominalHashrate: 2 ** 33, maxTarget: EASIEST, now: later(110) };
    rig.connection.update(channelId, request);
    rig.frames();
    rig.harness.pool.retarget(later(111));
    expect(rig.frames(), "the silence before the update says nothing of the new hashrate").toEqual([]);
    rig.harness.pool.retarget(later(180));
    expect(types()).toEqual(["0x21", "0x15"]);
  });

  it("leaves the target alone where it is switched off", () => {
    rig.open({ nominalHashrate: 2 ** 32 });
    rig.frames();
    rig.harness.pool.retarget(later(3_000));
    expect(rig.frames()).toEqual([]);
  });
});

describe("a sign of life", () => {
  it("repeats each channel's target, and changes nothing", () => {
    const channels = [rig.open(), rig.open({ kind: "extended", nominalHashrate: 1e12 })];
    rig.frames();
    rig.connection.keepAlive();
    expect(rig.frames().map((frame) => read(frame, SetTarget))).toEqual(
      channels.map(({ channelId, target }) => ({ channel_id: channelId, maximum_target: target.bytes })),
    );
  });
});

describe("a target", () => {
  it("that is set holds for the jobs that follow", () => {
    const channel = rig.open();
    const target = shareTarget(targetOfDifficulty(3));
    rig.connection.setTarget(channel, target);
    expect(channel.jobs.map((job) => job.difficulty)).not.toContain(target.difficulty);
    rig.template();
    expect(channel.jobs.at(-1)).toMatchObject({ target: target.bytes, difficulty: target.difficulty });
  });
});
