import { beforeEach, describe, expect, it, vi } from "vitest";
import { targetOfDifficulty, targetToBits, targetToBytes } from "../../src/bitcoin/target.ts";
import { Channel } from "../../src/mining/channel.ts";
import type { OpenRequest } from "../../src/mining/open-request.ts";
import { FLOOD_SHARES_PER_MINUTE } from "../../src/mining/share-target.ts";
import type { Vardiff } from "../../src/mining/vardiff.ts";
import { EASIEST, MINING, PoolHarness } from "../session/session-fixture.ts";
import { later, Rig } from "./channel-rig.ts";

/** Of difficulty 1,000 at 12 shares a minute. */
const HASHRATE = 2 ** 32 * 200;
const DAY = 24 * 3_600;

let rig: Rig;

beforeEach(() => {
  rig = new Rig(new PoolHarness({ vardiff: true, minDifficulty: 1 }));
});

function types(): string[] {
  return rig.frames().map(({ header }) => `0x${header.msgType.toString(16)}`);
}

function openAt(second: number, fields: Partial<OpenRequest> = {}): Channel {
  const request = { kind: "standard", requestId: 1, userIdentity: "alice", nominalHashrate: HASHRATE } as const;
  const outcome = rig.connection.open(
    { ...request, maxTarget: EASIEST, minExtranonceSize: 0, ...fields },
    later(second),
  );
  if (!(outcome instanceof Channel)) throw new Error(outcome);
  return outcome;
}

/** Lets time pass up to that second, with an even pace of shares of a miner which that difficulty would suit. */
function mine(channel: Channel, from: number, options: { readonly until: number; readonly suited: number }): void {
  let owed = 0;
  for (let second = from + 1; second <= options.until; second += 1) {
    const { difficulty } = channel.target;
    for (owed += options.suited / difficulty / 5; owed >= 1; owed -= 1) channel.vardiff?.onShare(difficulty);
    rig.harness.pool.retarget(later(second));
  }
}

function update(channel: Channel, second: number, fields: { nominalHashrate?: number; maxTarget?: Uint8Array }): void {
  const request = { nominalHashrate: HASHRATE, maxTarget: EASIEST, now: later(second), ...fields };
  expect(rig.connection.update(channel.channelId, request)).toBeUndefined();
}

describe("difficulty control", () => {
  it("gives a job at once with each rise, so that the difficulty counts from that moment on", () => {
    const flooding = openAt(0);
    rig.frames();
    mine(flooding, 0, { until: 10, suited: 100_000 });
    expect(types().slice(0, 2)).toEqual(["0x21", "0x15"]);
    expect(flooding.target.difficulty).toBeGreaterThan(50_000);
    const faster = openAt(10);
    rig.frames();
    mine(faster, 10, { until: 250, suited: 2_000 });
    expect(types().slice(0, 2)).toEqual(["0x21", "0x15"]);
    expect(faster.jobs.at(-1)?.difficulty).toBe(faster.target.difficulty);
    expect(faster.target.difficulty).toBeGreaterThan(1_300);
  });

  it("is not ended by a proxy that repeats its announcement each second", () => {
    const channel = openAt(0);
    for (let second = 0; second < 300; second += 1) {
      mine(channel, second, { until: second + 1, suited: 1e6 });
      update(channel, second + 1, { nominalHashrate: HASHRATE * (1 + (second % 7) / 100) });
    }
    // 200 shares a second at first: each second alone has enough of them.
    expect(channel.target.difficulty).toBeGreaterThan(7e5);
    expect(channel.target.difficulty).toBeLessThan(1.4e6);
  });

  it("tells of each change of a target once, with the difficulty before", () => {
    const channel = openAt(0);
    const begun = channel.target.difficulty;
    const told = (difficulty: number, previousDifficulty: number) => ({
      channelId: channel.channelId,
      difficulty,
      previousDifficulty,
    });
    mine(channel, 0, { until: 10, suited: 100_000 });
    const steered = channel.target.difficulty;
    const changes = rig.targetChanges.splice(0);
    expect(changes.at(0)?.previousDifficulty).toBe(begun);
    expect(changes.at(-1)?.difficulty).toBe(steered);
    for (const [index, change] of changes.slice(1).entries()) {
      expect(change.previousDifficulty).toBe(changes[index]?.difficulty);
    }
    update(channel, 11, { maxTarget: targetToBytes(targetOfDifficulty(1e7)) });
    expect(rig.targetChanges.splice(0)).toEqual([told(1e7, steered)]);
    update(channel, 12, { maxTarget: targetToBytes(targetOfDifficulty(1e7)) });
    rig.connection.keepAlive();
    expect(rig.targetChanges).toEqual([]);
  });

  it("answers each update, and one that changes nothing with the same target and no job", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 60, suited: 100_000 });
    const { target, jobs } = channel;
    const before = jobs.length;
    rig.frames();
    update(channel, 61, { nominalHashrate: HASHRATE });
    update(channel, 62, { nominalHashrate: 0 });
    expect(types()).toEqual(["0x21", "0x21"]);
    expect(channel.target.value).toBe(target.value);
    expect(channel.jobs).toHaveLength(before);
  });

  it("keeps a client's maximum target whatever it observes, and goes back where the client allows it", () => {
    const channel = openAt(0);
    const maxTarget = targetToBytes(targetOfDifficulty(5_000));
    update(channel, 1, { maxTarget });
    expect(channel.target.difficulty).toBe(5_000);
    mine(channel, 1, { until: 900, suited: 1_000 });
    expect(channel.target.difficulty).toBe(5_000);
    update(channel, 901, {});
    expect(channel.target.difficulty).toBeCloseTo(1_000, -3);
  });

  it("of a proxy that says nothing of its hashrate does not fall below the least difficulty, and rises in seconds", () => {
    const channel = openAt(0, { nominalHashrate: 0 });
    expect(channel.target.difficulty).toBe(1);
    rig.frames();
    for (let second = 1; second < DAY; second += 60) rig.harness.pool.retarget(later(second));
    expect(rig.frames()).toEqual([]);
    mine(channel, DAY, { until: DAY + 10, suited: 1_000 });
    expect(channel.target.difficulty).toBeGreaterThan(100);
  });
});

describe("a worker that comes back", () => {
  const leave = (channel: Channel): void => {
    rig.close(channel.channelId);
  };

  it("begins with the difficulty that it settled at, for a day", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 900, suited: 8_000 });
    leave(channel);
    expect(openAt(900 + DAY).target.difficulty / 8_000).toBeCloseTo(1, 1);
    expect(openAt(902 + DAY).target.difficulty).toBeCloseTo(1_000, 0);
  });

  it("begins so on another connection too, and under no other name", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 900, suited: 8_000 });
    rig.connection.closeAll();
    rig = new Rig(rig.harness, { connectionId: "c2" });
    expect(openAt(901).target.difficulty / 8_000).toBeCloseTo(1, 1);
    expect(openAt(901, { userIdentity: "bob" }).target.difficulty).toBeCloseTo(1_000, 0);
    expect(openAt(901, { kind: "extended" }).target.difficulty).toBeCloseTo(1_000, 0);
  });

  it("is remembered while it is here: ten minutes are what a pool that is killed forgets", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 599, suited: 8_000 });
    expect([...rig.harness.pool.difficulties.entries()]).toEqual([]);
    mine(channel, 599, { until: 601, suited: 8_000 });
    const [entry] = rig.harness.pool.difficulties.entries();
    expect(entry).toMatchObject({ userIdentity: "alice", kind: "standard", nominalHashrate: HASHRATE });
    expect(entry?.atMs).toBe(later(601).wallMs);
  });

  it("begins so where other shares per minute are wanted by then", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 900, suited: 8_000 });
    leave(channel);
    rig.harness.pool.reconfigure({ ...MINING, vardiff: true, sharesPerMinute: 24 }, later(900));
    expect(openAt(901).target.difficulty / 4_000).toBeCloseTo(1, 1);
  });

  it("begins by what it announces where difficulty control is off", () => {
    rig = new Rig(new PoolHarness({ vardiff: false }));
    const worker = { userIdentity: "alice", kind: "standard", nominalHashrate: HASHRATE } as const;
    rig.harness.pool.difficulties.load([{ ...worker, difficultyPerMinute: 1e6, atMs: later(0).wallMs }]);
    expect(openAt(1).target.difficulty).toBeCloseTo(1_000, 0);
  });

  it("is not remembered before it settled", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 120, suited: 1_000 });
    leave(channel);
    expect([...rig.harness.pool.difficulties.entries()]).toEqual([]);
  });

  it("never begins easier than the least difficulty or than it can work with", () => {
    const worker = { userIdentity: "alice", kind: "standard", nominalHashrate: HASHRATE } as const;
    rig.harness.pool.difficulties.load([{ ...worker, difficultyPerMinute: 0.01, atMs: later(0).wallMs }]);
    expect(openAt(1).target.difficulty).toBe(1);
    const maxTarget = targetToBytes(targetOfDifficulty(77));
    expect(openAt(1, { maxTarget }).target.difficulty).toBe(77);
  });
});

describe("a target harder than a block's", () => {
  const network = (difficulty: number): number => targetToBits(targetOfDifficulty(difficulty));

  it("is not given, where shares as easy as blocks are no flood", () => {
    rig.template({ bits: network(900) });
    expect(openAt(0).target.difficulty).toBeCloseTo(900, 0);
    rig.template({ bits: network(101) });
    expect(openAt(0).target.difficulty).toBeCloseTo(101, 0);
  });

  it("is given where blocks are so easy that they would flood the pool, at so many shares a minute", () => {
    rig.template({ bits: network(99) });
    const channel = openAt(0);
    expect(FLOOD_SHARES_PER_MINUTE).toBe(120);
    expect(channel.target.difficulty).toBeCloseTo(100, 1);
    rig.frames();
    mine(channel, 0, { until: 1_800, suited: 1_000 });
    expect(rig.frames(), "and is the right one for that rate").toEqual([]);
  });

  it("is bounded by the least difficulty's flood where the hashrate is unknown", () => {
    rig.template({ bits: network(0.001) });
    expect(openAt(0, { nominalHashrate: 0 }).target.difficulty).toBeCloseTo(0.1, 3);
  });

  it("is taken back when a template has easier blocks, and comes again with harder ones", () => {
    const channel = openAt(0);
    rig.frames();
    rig.template({ bits: network(500) });
    rig.frames();
    rig.harness.pool.retarget(later(1));
    expect(types()).toEqual(["0x21", "0x15"]);
    expect(channel.target.difficulty).toBeCloseTo(500, 0);
    const served = vi.spyOn(channel.vardiff as Vardiff, "serve");
    rig.harness.pool.retarget(later(2));
    expect(rig.frames()).toEqual([]);
    expect(served, "nothing is reckoned anew while nothing changes").not.toHaveBeenCalled();
    rig.template({ bits: network(1e6) });
    rig.frames();
    rig.harness.pool.retarget(later(3));
    expect(types()).toEqual(["0x21", "0x15"]);
    expect(channel.target.difficulty).toBeCloseTo(1_000, 0);
  });

  it("is bounded so without difficulty control too", () => {
    rig = new Rig(new PoolHarness({ vardiff: false, minDifficulty: 1 }));
    const channel = openAt(0);
    rig.template({ bits: network(500) });
    rig.harness.pool.retarget(later(1));
    expect(channel.target.difficulty).toBeCloseTo(500, 0);
    rig.template({ bits: network(1) });
    rig.harness.pool.retarget(later(2));
    expect(channel.target.difficulty).toBeCloseTo(100, 0);
    rig.template({ bits: network(1e6) });
    rig.harness.pool.retarget(later(3));
    expect(channel.target.difficulty).toBeCloseTo(1_000, 0);
  });

  it("is bounded by what was observed, where difficulty control was switched off since", () => {
    const channel = openAt(0);
    mine(channel, 0, { until: 900, suited: 8_000 });
    const { difficulty } = channel.target;
    expect(difficulty).toBeGreaterThan(5_000);
    rig.harness.pool.reconfigure({ ...MINING, vardiff: false, minDifficulty: 1 }, later(900));
    for (const bits of [network(1), network(1e6)]) {
      rig.template({ bits });
      rig.harness.pool.retarget(later(901));
    }
    expect(channel.target.difficulty).toBe(difficulty);
  });
});
