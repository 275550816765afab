import { beforeEach, describe, expect, it } from "vitest";
import { targetToBytes } from "../../src/bitcoin/target.ts";
import { toHex } from "../../src/core/bytes.ts";
import { MAX_ALLOCATION } from "../../src/mining/extranonce-allocator.ts";
import { IdSequence, MAX_ID } from "../../src/mining/id-sequence.ts";
import { OpenExtendedMiningChannelSuccess, OpenStandardMiningChannelSuccess } from "../../src/wire/channel-messages.ts";
import { EASIEST, HARD_BITS, PoolHarness, read, template } from "../session/session-fixture.ts";
import { NOW, Rig } from "./channel-rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

describe("an open channel", () => {
  it("has the target of its hashrate, little-endian in Success", () => {
    // 2^32 hashes a second at 12 shares a minute: a share has to take five seconds' work, difficulty 5.
    rig.open({ nominalHashrate: 2 ** 32 });
    const { target } = read(rig.frames()[0], OpenStandardMiningChannelSuccess);
    expect(toHex(target)).toBe(`${"00".repeat(26)}333300000000`);
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

  it("gets one below it where even a block of the template is easier, as on a test network", () => {
    const harness = new PoolHarness({ minDifficulty: 8 });
    harness.pool.setTemplate(template({ bits: 0x207fffff }));
    rig = new Rig(harness);
    const { difficulty } = rig.open({ nominalHashrate: 1000 }).target;
    expect(difficulty).toBeGreaterThan(1e-7);
    expect(difficulty).toBeLessThan(1e-5);
    harness.pool.setTemplate(template({ bits: HARD_BITS }));
    expect(rig.open({ nominalHashrate: 1000 }).target.difficulty).toBe(8);
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

  it("has an extranonce that is counted from where the process begins", () => {
    const channel = new Rig(new PoolHarness({ firstAllocation: 0x6553f1000000 })).open();
    expect(toHex(channel.extranoncePrefix)).toBe(`00016553f1000001${"00".repeat(8)}`);
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

  it.each(["standard", "extended"] as const)(
    "of which one is left open no %s channel: its group needs one too",
    (kind) => {
      rig = new Rig(new PoolHarness(), { channelIds: new IdSequence(MAX_ID - 1) });
      expect(rig.tryOpen({ kind })).toBe("channel-capacity-exhausted");
      expect(rig.frames()).toEqual([]);
      expect(rig.connection.size).toBe(0);
    },
  );

  it("are never used twice, of channels and groups alike", () => {
    const seen = new Set<number>();
    for (let time = 1; time <= 20; time += 1) {
      const channel = rig.open({ kind: "extended", minExtranonceSize: 8 + (time % 4) });
      expect(seen.has(channel.channelId)).toBe(false);
      seen.add(channel.channelId).add(channel.groupChannelId);
      rig.close(channel.channelId);
    }
    expect(seen.size, "a group that was empty is gone, and its id with it").toBe(20 + 20);
  });
});

describe("capacity", () => {
  it("of the process is its extranonces: with the last one a channel is opened, and no other", () => {
    rig = new Rig(new PoolHarness({ firstAllocation: MAX_ALLOCATION - 1 }));
    const channel = rig.open();
    expect(toHex(channel.extranoncePrefix.subarray(0, 8))).toBe("0001ffffffffffff");
    rig.close(channel.channelId);
    expect(rig.tryOpen()).toBe("channel-capacity-exhausted");
  });

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

describe("a connection's hashrate", () => {
  it("is the sum of what its channels said", () => {
    rig.open({ nominalHashrate: 3e12 });
    const { channelId } = rig.open({ nominalHashrate: 5e12 });
    expect(rig.connection.nominalHashrate).toBe(8e12);
    rig.close(channelId);
    expect(rig.connection.nominalHashrate).toBe(3e12);
  });
});
