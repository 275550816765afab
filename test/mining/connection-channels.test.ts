import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import { toHex } from "../../src/core/bytes.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { IdSequence, MAX_ID } from "../../src/mining/id-sequence.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { PoolHarness, read } from "../session/session-fixture.ts";
import { B, NOW, Rig } from "./channel-rig.ts";

const EASIEST = new Uint8Array(32).fill(0xff);

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

function later(seconds: number): typeof NOW {
  return { wallMs: NOW.wallMs + 1000 * seconds, monotonicMs: NOW.monotonicMs + 1000 * seconds };
}

function types(): string[] {
  return rig.frames().map(({ header }) => `0x${header.msgType.toString(16)}`);
}

describe("an open channel", () => {
  it("has the target of its hashrate, little-endian in Success", () => {
    // 2^32 hashes a second at 12 shares a minute: a share has to take five seconds' work.
    rig.open({ nominalHashrate: 2 ** 32 });
    const { target } = read(rig.frames()[0], OpenStandardMiningChannelSuccess);
    expect(toHex(target)).toBe(`32${"33".repeat(27)}00000000`);
  });

  it("never gets an easier target than the client can work with", () => {
    const maxTarget = targetToBytes((1n << 64n) - 1n);
    rig.open({ nominalHashrate: 0, maxTarget });
    expect(read(rig.frames()[0], OpenStandardMiningChannelSuccess).target).toEqual(maxTarget);
  });

  it("never gets a target below the least difficulty, whatever the client says", () => {
    rig = new Rig(new PoolHarness({ minDifficulty: 8 }));
    for (const nominalHashrate of [0, 1]) expect(rig.open({ nominalHashrate }).target.difficulty).toBe(8);
    const [channel] = [...rig.connection.channels()];
    rig.connection.update(channel?.channelId ?? 0, { nominalHashrate: 0, maxTarget: EASIEST, now: NOW });
    expect(channel?.target.difficulty).toBe(8);
  });

  it("has an extranonce that no other has, and that is not given again when it is closed", () => {
    const prefixes = new Set<string>();
    for (let time = 0; time < 50; time += 1) {
      for (const kind of ["standard", "extended"] as const) {
        const channel = rig.open({ kind });
        prefixes.add(toHex(channel.extranoncePrefix.subarray(0, 8)));
        rig.close(channel.channelId);
      }
    }
    expect(prefixes.size).toBe(100);
  });

  it("has an extranonce that no channel of the process before had", () => {
    const before = rig.open();
    const after = new Rig(new PoolHarness({ startedAtMs: 1_700_000_000_000 })).open();
    expect(after.extranoncePrefix).not.toEqual(before.extranoncePrefix);
    expect(toHex(after.extranoncePrefix)).toBe(`00016553f1000001${"00".repeat(8)}`);
  });

  it("has its group's extranonce size, as a standard one in its prefix alone", () => {
    const standard = rig.open({ kind: "standard" });
    const extended = rig.open({ kind: "extended", minExtranonceSize: 2 });
    const large = rig.open({ kind: "extended", minExtranonceSize: 11 });
    const success = read(rig.frames()[6], OpenExtendedMiningChannelSuccess);
    expect([success.extranonce_prefix.length, success.extranonce_size]).toEqual([8, 11]);
    expect(standard.extranoncePrefix).toHaveLength(16);
    expect(extended.extranoncePrefix.length + extended.rollableBytes).toBe(16);
    expect(standard.groupChannelId).toBe(extended.groupChannelId);
    expect(large.groupChannelId).not.toBe(extended.groupChannelId);
  });
});

describe("ids", () => {
  it("are used up once: the last two there are open a channel, and no other does", () => {
    rig = new Rig(new PoolHarness(), { channelIds: new IdSequence(MAX_ID - 2) });
    const channel = rig.open();
    expect([channel.groupChannelId, channel.channelId]).toEqual([0xfffffffd, 0xfffffffe]);
    rig.close(channel.channelId);
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
  });

  it("are never used twice, of channels and groups alike", () => {
    const seen = new Set<number>();
    for (let time = 1; time <= 20; time += 1) {
      const channel = rig.open({ kind: "extended", minExtranonceSize: 8 + (time % 4) });
      expect(seen.has(channel.channelId)).toBe(false);
      seen.add(channel.channelId).add(channel.groupChannelId);
      rig.close(channel.channelId);
    }
    expect(seen.size).toBe(20 + 4);
  });
});

describe("capacity", () => {
  it("of a connection is its limit, and one past it is refused", () => {
    rig = new Rig(new PoolHarness({ maxChannelsPerConnection: 3 }));
    const ids = [1, 2, 3].map(() => rig.open().channelId);
    rig.frames();
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
    expect(rig.frames(), "nothing is sent but the answer, by the session").toEqual([]);
    rig.close(ids[1] ?? 0);
    expect(rig.open().channelId).toBeGreaterThan(Math.max(...ids));
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
  });

  it("of the pool is shared by all connections", () => {
    const harness = new PoolHarness({ maxChannels: 3 });
    rig = new Rig(harness);
    const other = new Rig(harness);
    rig.open();
    other.open();
    const third = other.open();
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
    expect(other.tryOpen()).toBe("channel-capacity-exhausted");
    other.close(third.channelId);
    rig.open();
    expect(harness.pool.openChannels).toBe(3);
    harness.pool.disconnect(rig.connection);
    expect(harness.pool.openChannels).toBe(1);
    harness.pool.disconnect(rig.connection);
    expect(harness.pool.openChannels, "a second time frees nothing").toBe(1);
  });

  it("is not what a request is told that is wrong in itself, or that finds no work", () => {
    rig = new Rig(new PoolHarness({ maxChannelsPerConnection: 0 }));
    expect(rig.tryOpen({ nominalHashrate: -1 })).toBe("invalid-nominal-hashrate");
    rig.harness.pool.suspendWork();
    expect(rig.tryOpen()).toBe("no-template-available");
  });
});

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
    expect(channel.target.bytes).toEqual(maxTarget);
    rig.frames();
    rig.template({ prevHash: B });
    expect(channel.jobs.at(-1)?.target).toEqual(maxTarget);
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
    const request = { nominalHashrate: 2 ** 32, maxTarget: EASIEST, now: later(130) };
    rig.connection.update(channelId, request);
    rig.frames();
    rig.harness.pool.retarget(later(131));
    expect(rig.frames(), "the silence before the update says nothing of the new hashrate").toEqual([]);
    rig.harness.pool.retarget(later(200));
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

describe("closing", () => {
  it("a channel leaves the others; a group takes all of its members, and no other group's", () => {
    const [one, two, three] = [1, 2, 3].map(() => rig.open({ kind: "extended" }));
    const other = rig.open({ kind: "extended", minExtranonceSize: 16 });
    expect(rig.close(one?.channelId ?? 0)).toEqual([one]);
    expect(rig.close(one?.channelId ?? 0), "it is gone").toEqual([]);
    expect(rig.close(other.groupChannelId + 999)).toEqual([]);
    expect(rig.close(two?.groupChannelId ?? 0)).toEqual([two, three]);
    expect([...rig.connection.channels()]).toEqual([other]);
    expect(rig.ended).toBeUndefined();
  });

  it("stops all messages for the channel", () => {
    const channel = rig.open();
    rig.close(channel.channelId);
    rig.frames();
    rig.template({ prevHash: B });
    rig.connection.keepAlive();
    rig.harness.pool.retarget(later(3_000));
    expect(rig.frames()).toEqual([]);
  });

  it("for too many shares on one tip says so, and ends the connection with its last channel", () => {
    const [first, second] = [rig.open(), rig.open()];
    rig.frames();
    rig.harness.pool.closeOverfull(first);
    const reason_code = "too-many-shares-on-one-tip";
    expect(read(rig.frames()[0], CloseChannel)).toEqual({ channel_id: first.channelId, reason_code });
    expect(rig.ended).toBeUndefined();
    rig.harness.pool.closeOverfull(second);
    expect(read(rig.frames()[0], CloseChannel)).toEqual({ channel_id: second.channelId, reason_code });
    expect(rig.ended).toBe("duplicates-full");
    expect(rig.harness.pool.openChannels).toBe(0);
  });
});

describe("a channel with too many shares on one tip", () => {
  it("is found among connections whose channels have the same ids", () => {
    const harness = new PoolHarness();
    const [first, second] = [new Rig(harness), new Rig(harness)];
    const [kept, closed] = [first.open(), second.open()];
    expect(kept.channelId).toBe(closed.channelId);
    harness.pool.closeOverfull(closed);
    expect([kept.open, closed.open]).toEqual([true, false]);
    expect([first.ended, second.ended]).toEqual([undefined, "duplicates-full"]);
  });
});

describe("a connection's hashrate", () => {
  it("is the sum of what its channels said", () => {
    rig.open({ nominalHashrate: 3e12 });
    const { channelId } = rig.open({ nominalHashrate: 5e12 });
    expect(rig.connection.nominalHashrate).toBe(8e12);
    rig.close(channelId);
    expect(rig.connection.nominalHashrate).toBe(3e12);
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
