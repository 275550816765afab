import { beforeEach, describe, expect, it } from "vitest";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { MINING, PoolHarness, read } from "../session/session-fixture.ts";
import { later, NOW, Rig } from "./channel-rig.ts";

/** 2^32 hashes a second: at 12 shares a minute difficulty 5. */
const HASHRATE = 2 ** 32;

let rig: Rig;
const types = (): string[] => rig.frames().map(({ header }) => `0x${header.msgType.toString(16)}`);
const reconfigure = (options: Partial<MiningOptions>, now = NOW): void =>
  rig.harness.pool.reconfigure({ ...MINING, ...options }, now);

describe("other shares per minute", () => {
  it("make a channel without difficulty control harder or easier at once, from its hashrate, and are those of the next one", () => {
    rig = new Rig();
    const channel = rig.open({ nominalHashrate: HASHRATE });
    rig.frames();
    reconfigure({ sharesPerMinute: 6 });
    const [frame, more] = rig.frames();
    expect(read(frame, SetTarget)).toEqual({ channel_id: channel.channelId, maximum_target: channel.target.bytes });
    expect(more).toBeUndefined();
    expect(channel.target.difficulty).toBeCloseTo(10, 2);
    reconfigure({ sharesPerMinute: 20 });
    expect(types()).toEqual(["0x21", "0x15"]);
    expect(channel.target.difficulty).toBe(3);
    expect(rig.open({ nominalHashrate: HASHRATE }).target.difficulty).toBe(3);
  });

  it("are what difficulty control steers to at once, with what it has seen already", () => {
    rig = new Rig(new PoolHarness({ vardiff: true }));
    const channel = rig.open({ nominalHashrate: HASHRATE });
    rig.frames();
    // As many as were wanted for two minutes.
    for (let share = 0; share < 24; share += 1) channel.vardiff?.onShare(channel.target.difficulty);
    rig.harness.pool.retarget(later(120));
    reconfigure({ vardiff: true, sharesPerMinute: 120 }, later(120));
    expect(types()).toEqual(["0x21", "0x15"]);
    expect(channel.target.difficulty).toBeCloseTo(0.5, 4);
    rig.harness.pool.retarget(later(121));
    expect(types()).toEqual([]);
  });
});

describe("another least difficulty", () => {
  it.each([true, false])("bounds the open channels at once, and no further than it has to: vardiff %s", (vardiff) => {
    rig = new Rig(new PoolHarness({ vardiff }));
    const [small, large] = [rig.open({ nominalHashrate: HASHRATE }), rig.open({ nominalHashrate: 1_000 * HASHRATE })];
    const { target } = large;
    rig.frames();
    reconfigure({ vardiff, minDifficulty: 20 });
    const [frame, more] = rig.frames();
    expect(read(frame, SetTarget).channel_id).toBe(small.channelId);
    expect(more).toBeUndefined();
    expect(small.target.difficulty).toBeCloseTo(20, 5);
    expect(large.target).toBe(target);
  });
});

describe("a difficulty that is bounded anew", () => {
  it("is steered from there: what came at the old one counts for what it is worth", () => {
    rig = new Rig(new PoolHarness({ vardiff: true }));
    const channel = rig.open({ nominalHashrate: HASHRATE });
    // 4 times as many as wanted at 5; at 20 as many as wanted.
    for (let share = 0; share < 48; share += 1) channel.vardiff?.onShare(channel.target.difficulty);
    reconfigure({ vardiff: true, minDifficulty: 20 }, later(60));
    rig.frames();
    rig.harness.pool.retarget(later(61));
    expect(types()).toEqual([]);
  });
});

describe("difficulty control", () => {
  it("that is switched on steers channels that were opened without it, from then on", () => {
    rig = new Rig();
    const channel = rig.open({ nominalHashrate: HASHRATE });
    rig.frames();
    reconfigure({ vardiff: true }, later(1_000));
    expect(types()).toEqual([]);
    rig.harness.pool.retarget(later(1_004));
    expect(types(), "the time before says nothing").toEqual([]);
    rig.harness.pool.retarget(later(1_070));
    expect(types()).toEqual(["0x21", "0x15"]);
    expect(channel.target.difficulty).toBeLessThan(4);
  });

  it("that is switched off leaves each channel where it is, now and at the next change of something else", () => {
    rig = new Rig(new PoolHarness({ vardiff: true }));
    const channel = rig.open({ nominalHashrate: HASHRATE });
    rig.harness.pool.retarget(later(70));
    const { target } = channel;
    rig.frames();
    reconfigure({ vardiff: false }, later(71));
    rig.harness.pool.retarget(later(3_000));
    reconfigure({ vardiff: false, maxChannels: 99 }, later(3_001));
    expect(types()).toEqual([]);
    expect(channel.target).toBe(target);
    expect(rig.open().vardiff).toBeUndefined();
  });
});

describe("other limits", () => {
  it("of a connection hold for the next channel, and close none", () => {
    rig = new Rig();
    rig.open();
    rig.open();
    reconfigure({ maxChannelsPerConnection: 2 });
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
    expect(rig.connection.size).toBe(2);
    reconfigure({ maxChannelsPerConnection: 3 });
    rig.open();
  });

  it("of all channels do as well", () => {
    rig = new Rig();
    rig.open();
    reconfigure({ maxChannels: 1 });
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
    reconfigure({ maxChannels: 2 });
    rig.open();
  });
});

describe("a connection that cannot follow", () => {
  beforeEach(() => {
    rig = new Rig();
  });

  it("ends alone", () => {
    const other = new Rig(rig.harness, { connectionId: "c2" });
    const [bad, good] = [rig.open({ nominalHashrate: HASHRATE }), other.open({ nominalHashrate: HASHRATE })];
    bad.nominalHashrate = 1n as unknown as number;
    reconfigure({ sharesPerMinute: 6 });
    expect([rig.ended, other.ended]).toEqual(["internal-error", undefined]);
    expect(good.target.difficulty).toBeCloseTo(10, 2);
  });
});
