import { beforeEach, describe, expect, it } from "vitest";
import { addressToScript } from "../../src/bitcoin/address.ts";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { toHex } from "../../src/core/bytes.ts";
import type { Channel } from "../../src/mining/channel.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { CloseChannel, SetExtranoncePrefix, SetGroupChannel } from "../../src/wire/channel-messages.ts";
import { NewExtendedMiningJob } from "../../src/wire/job-messages.ts";
import { MINING, PoolHarness, read } from "../session/session-fixture.ts";
import { A, B, NOW, Rig } from "./channel-rig.ts";

const ALICE = "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp";
const BOB = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const POOL = new Uint8Array([0x51]);
const OTHER_POOL = new Uint8Array([0x52]);

const PAYOUT = { network: "regtest", poolScript: POOL, feePercent: 0 } as const;
const OPTIONS: MiningOptions = { ...MINING, payout: { ...PAYOUT, mode: "identity" } };
const HARD = targetOfDifficulty(1e-5);

let rig: Rig;

beforeEach(() => {
  rig = new Rig(new PoolHarness(OPTIONS));
  rig.template({ nextSubsidy: 312_500_000n });
});

function opened(userIdentity: string, kind: "standard" | "extended" = "extended"): Channel {
  const channel = rig.open({ userIdentity, kind });
  rig.frames();
  return channel;
}

function reconfigure(changed: Partial<MiningOptions>): void {
  rig.harness.pool.reconfigure({ ...OPTIONS, ...changed }, NOW);
}

/** The scripts that the newest job of each frame pays, by address. */
function paid(): [number, string][] {
  return rig
    .frames()
    .filter(({ header }) => header.msgType === NewExtendedMiningJob.msgType)
    .map((frame) => read(frame, NewExtendedMiningJob))
    .filter(({ min_ntime }) => min_ntime !== undefined)
    .map(({ channel_id, coinbase_tx_suffix }) => [channel_id, toHex(coinbase_tx_suffix)]);
}

function pays(script: Uint8Array): unknown {
  return expect.stringContaining(toHex(new Uint8Array([script.length, ...script])));
}

describe("a channel's payout", () => {
  it("is that of its identity, and channels of one payout share a group", () => {
    const [alice, alice2, bob, pool] = [`${ALICE}.a`, `${ALICE}.b`, `${BOB}.a`, "name.a"].map((name) => opened(name));
    expect(alice2?.groupChannelId).toBe(alice?.groupChannelId);
    expect(new Set([alice, bob, pool].map((channel) => channel?.groupChannelId)).size).toBe(3);
    rig.template();
    expect(paid()).toEqual([
      [alice?.groupChannelId, pays(addressToScript(ALICE, "regtest"))],
      [bob?.channelId, pays(addressToScript(BOB, "regtest"))],
      [pool?.channelId, pays(POOL)],
    ]);
  });

  it("is refused where the identity names nobody that can be paid, and the next open goes on", () => {
    expect(rig.tryOpen({ userIdentity: "sri/solo/nobody" })).toBe("unknown-user");
    expect(rig.frames()).toEqual([]);
    expect(rig.connection.size).toBe(0);
    opened(ALICE);
  });

  it("of another channel never changes it: a block pays whom its own channel was shown", () => {
    const [alice, bob] = [opened(ALICE), opened(BOB)];
    rig.template({ prevHash: B, bits: 0x207fffff });
    for (const [channel, address] of [
      [alice, ALICE],
      [bob, BOB],
    ] as const) {
      rig.harness.blocks.length = 0;
      rig.mine(channel, { meets: targetOfDifficulty(1e-6) });
      const block = toHex(rig.harness.blocks[0]?.block ?? new Uint8Array());
      expect(block).toContain(toHex(addressToScript(address, "regtest")));
      expect(block).not.toContain(toHex(addressToScript(address === ALICE ? BOB : ALICE, "regtest")));
    }
  });
});

describe("a new payout of the pool", () => {
  it("counts from the next job, which follows at once; groups keep their ids", () => {
    const [one, other, alice] = [opened("a"), opened("b"), opened(ALICE)];
    reconfigure({ payout: { ...PAYOUT, mode: "identity", poolScript: OTHER_POOL } });
    expect(paid()).toEqual([
      [alice.channelId, pays(addressToScript(ALICE, "regtest"))],
      [one.groupChannelId, pays(OTHER_POOL)],
    ]);
    expect(other.groupChannelId).toBe(one.groupChannelId);
  });

  it("leaves shares of older jobs as they are", () => {
    const channel = opened("a");
    rig.connection.setTarget(channel, shareTarget(HARD));
    rig.template();
    const before = rig.view.share(channel.channelId, { meets: HARD });
    reconfigure({ payout: { ...PAYOUT, mode: "pool", poolScript: OTHER_POOL } });
    expect(rig.judge(channel, before)).toBe("accepted");
    expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
  });

  it("moves channels into one group where their payouts become the same, with a SetGroupChannel of all members", () => {
    const [pool, alice, bob] = [opened("a"), opened(ALICE), opened(BOB)];
    reconfigure({ payout: { ...PAYOUT, mode: "pool" } });
    const [moved] = rig.frames();
    expect(read(moved, SetGroupChannel)).toEqual({
      group_channel_id: pool.groupChannelId,
      channel_ids: [pool, alice, bob].map(({ channelId }) => channelId),
    });
    expect([...rig.connection.groups()]).toHaveLength(1);
    rig.template();
    expect(paid()).toEqual([[pool.groupChannelId, pays(POOL)]]);
  });

  it("sends no SetGroupChannel to a connection that requires standard jobs", () => {
    rig = new Rig(rig.harness, { requiresStandardJobs: true });
    const channels = [opened("a", "standard"), opened(ALICE, "standard")];
    reconfigure({ payout: { ...PAYOUT, mode: "pool" } });
    expect(rig.frames().map(({ header }) => header.msgType)).not.toContain(SetGroupChannel.msgType);
    for (const channel of channels) expect(rig.mine(channel)).toBe("accepted");
  });

  it("closes channels that nobody can be paid for, with a reason", () => {
    const [name, alice] = [opened("name"), opened(ALICE)];
    reconfigure({ payout: { ...PAYOUT, mode: "solo" } });
    const [closed] = rig.frames();
    expect(read(closed, CloseChannel)).toEqual({ channel_id: name.channelId, reason_code: "unknown-user" });
    expect([...rig.connection.channels()]).toEqual([alice]);
  });

  it("lets groups change places", () => {
    const script = addressToScript(ALICE, "regtest");
    rig = new Rig(new PoolHarness({ ...OPTIONS, payout: { ...PAYOUT, mode: "identity", poolScript: script } }));
    const [name, alice, bob] = [opened("name"), opened(ALICE), opened(BOB)];
    expect(alice.groupChannelId).toBe(name.groupChannelId);
    reconfigure({ payout: { ...PAYOUT, mode: "identity", poolScript: addressToScript(BOB, "regtest") } });
    expect(name.groupChannelId).toBe(bob.groupChannelId);
    rig.template();
    expect(paid()).toEqual(
      expect.arrayContaining([
        [alice.channelId, pays(script)],
        [bob.groupChannelId, pays(addressToScript(BOB, "regtest"))],
      ]),
    );
  });

  it("takes what was announced ahead back: the next tip has a future job of its own", () => {
    const channel = opened("a");
    reconfigure({ payout: { ...PAYOUT, mode: "pool", poolScript: OTHER_POOL } });
    rig.template({ height: 900_002, prevHash: B, nextSubsidy: 312_500_000n });
    rig.connection.setTarget(channel, shareTarget(HARD));
    expect(channel.jobs.at(-1)?.jobTemplate.kind.payout.script).toBe(OTHER_POOL);
    rig.template({ height: 900_003, prevHash: A });
    expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
  });
});

describe("a new instance id", () => {
  it("gives every channel a new prefix of the old length, with SetExtranoncePrefix, before the job that has it", () => {
    const channels = [opened("a"), opened("b", "standard")];
    const before = channels.map(({ extranoncePrefix }) => extranoncePrefix);
    reconfigure({ instanceId: 0xabcd });
    const frames = rig.frames();
    for (const [index, { channelId, extranoncePrefix }] of channels.entries()) {
      expect(read(frames[index], SetExtranoncePrefix)).toEqual({
        channel_id: channelId,
        extranonce_prefix: extranoncePrefix,
      });
      expect(extranoncePrefix).toHaveLength(before[index]?.length ?? 0);
      expect(toHex(extranoncePrefix.subarray(0, 2))).toBe("abcd");
    }
    expect(frames[2]?.header.msgType).toBe(NewExtendedMiningJob.msgType);
  });

  it("counts for jobs sent later: shares of older ones are hashed with the old prefix", () => {
    const channels = [opened("a"), opened("b", "standard")];
    for (const channel of channels) rig.connection.setTarget(channel, shareTarget(HARD));
    rig.template();
    const older = channels.map(({ channelId }) => rig.view.share(channelId, { meets: HARD }));
    reconfigure({ instanceId: 7 });
    for (const [index, channel] of channels.entries()) {
      const share = older[index];
      if (share === undefined) throw new Error("no share");
      expect(rig.judge(channel, share)).toBe("accepted");
      expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
    }
    rig.template({ prevHash: B, height: 900_002 });
    for (const channel of channels) expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
  });

  it("is in the next merkle roots of a connection that requires standard jobs, which is sent no prefix", () => {
    rig = new Rig(rig.harness, { requiresStandardJobs: true });
    const channel = opened("a", "standard");
    rig.connection.setTarget(channel, shareTarget(HARD));
    reconfigure({ instanceId: 7 });
    expect(rig.frames().map(({ header }) => header.msgType)).not.toContain(SetExtranoncePrefix.msgType);
    expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
    expect(channel.jobs.at(-1)?.extranoncePrefix[1]).toBe(7);
  });

  it("ends the connection of a client that does not heed it, so that it comes back with a new one", () => {
    rig = new Rig(rig.harness, { takesExtranoncePrefix: false });
    opened("a");
    reconfigure({ instanceId: 7 });
    expect(rig.ended).toBe("extranonce-changed");
  });

  it("that is the old one changes no prefix", () => {
    const { extranoncePrefix } = opened("a");
    reconfigure({});
    expect([...rig.connection.channels()][0]?.extranoncePrefix).toBe(extranoncePrefix);
  });
});

describe("a new tag", () => {
  it("is in the coinbase of the job that follows at once", () => {
    opened("a");
    reconfigure({ poolTag: "/another/" });
    const [job] = rig.frames();
    expect(new TextDecoder("latin1").decode(read(job, NewExtendedMiningJob).coinbase_tx_prefix)).toContain("/another/");
  });
});

describe("options with which no job can be made", () => {
  /** Longer than any push: no coinbase can have it. */
  const poolTag = "x".repeat(76);
  const ALL: Partial<MiningOptions> = {
    payout: { ...PAYOUT, mode: "pool", poolScript: OTHER_POOL },
    instanceId: 0xabcd,
    sharesPerMinute: 60,
    minDifficulty: 8,
    maxChannelsPerConnection: 2,
  };

  it.each([true, false])("change nothing at all, whether there is work at the time: %s", (workAvailable) => {
    const [alice, name] = [opened(ALICE), opened("name")];
    const before = [alice, name].map(({ extranoncePrefix, target, group }) => ({ extranoncePrefix, target, group }));
    if (!workAvailable) rig.harness.pool.suspendWork();
    expect(() => reconfigure({ ...ALL, poolTag })).toThrow(/76 bytes/);
    expect(rig.frames()).toEqual([]);
    rig.template();
    expect([alice, name]).toMatchObject(before);
    expect(paid()).toEqual([
      [alice.channelId, pays(addressToScript(ALICE, "regtest"))],
      [name.channelId, pays(POOL)],
    ]);
    expect(opened("third").target.difficulty).toBeLessThan(8);
    expect(opened("fourth").extranoncePrefix.subarray(0, 2)).toEqual(new Uint8Array([0, 1]));
  });

  it("do so for one channel that has the most to roll: the others do not change without it", () => {
    const [usual, most] = [opened("name"), rig.open({ kind: "extended", minExtranonceSize: 16 })];
    rig.frames();
    // Beside the height it fits a coinbase with 16 bytes of extranonce, but not one with 24.
    expect(() => reconfigure({ ...ALL, poolTag: "x".repeat(75) })).toThrow(/scriptSig would have 105 bytes/);
    expect(rig.frames()).toEqual([]);
    rig.close(most.channelId);
    reconfigure({ ...ALL, poolTag: "x".repeat(75) });
    expect(usual.target.difficulty).toBe(8);
  });

  it("are taken again once they are right", () => {
    const alice = opened(ALICE);
    expect(() => reconfigure({ ...ALL, poolTag })).toThrow();
    reconfigure(ALL);
    rig.frames();
    rig.template();
    expect(paid()).toEqual([[alice.channelId, pays(OTHER_POOL)]]);
    expect(alice.target.difficulty).toBe(8);
  });
});

describe("while no work stands on the node's tip", () => {
  it("other options send no job, and count with the next template", () => {
    opened("a");
    rig.harness.pool.suspendWork();
    reconfigure({ poolTag: "/another/" });
    expect(rig.frames()).toEqual([]);
    rig.template();
    expect(rig.frames()).toHaveLength(1);
  });
});
