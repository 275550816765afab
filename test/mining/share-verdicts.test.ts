import { beforeEach, describe, expect, it } from "vitest";
import { hashHeader } from "../../src/bitcoin/header.ts";
import { bitsToTarget, targetFromBytes, targetOfDifficulty } from "../../src/bitcoin/target.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { KEPT_JOBS } from "../../src/mining/channel.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { PoolHarness, template } from "../session/session-fixture.ts";
import { A, B, NTIME, Rig } from "./channel-rig.ts";

const EASY = targetOfDifficulty(1e-6);
const HARDER = targetOfDifficulty(1e-5);
const HARDEST = targetOfDifficulty(1e-4);

let rig: Rig;
let channel: Channel;

beforeEach(() => {
  rig = new Rig();
  channel = rig.open();
});

/** Sets the target for jobs that follow. */
function setTarget(target: bigint): void {
  rig.connection.setTarget(channel, shareTarget(target));
}

describe("the target of a job", () => {
  it("is the one in force when it became active, and a share is credited with exactly its difficulty", () => {
    setTarget(HARDER);
    rig.template();
    setTarget(HARDEST);
    expect(rig.mine(channel, { meets: HARDER, misses: HARDEST })).toBe("accepted");
    expect(channel.tally.take().credits).toMatchObject([
      { acceptedShares: 1, difficulty: shareTarget(HARDER).difficulty },
    ]);
  });

  it("stays what it was for an older job, when a newer one has another", () => {
    setTarget(HARDER);
    rig.template();
    const older = rig.view.share(channel.channelId, { meets: HARDEST });
    setTarget(EASY);
    expect(rig.judge(channel, older)).toBe("accepted");
    expect(channel.tally.take().credits[0]?.difficulty, "no more than its own job's").toBe(
      shareTarget(HARDER).difficulty,
    );
  });

  it("that eased afterwards lets a share in, and credits it with nothing", () => {
    setTarget(HARDER);
    rig.template();
    const missesJob = rig.view.share(channel.channelId, { meets: EASY, misses: HARDER });
    expect(rig.judge(channel, missesJob)).toBe("difficulty-too-low");
    setTarget(EASY);
    expect(rig.judge(channel, missesJob)).toBe("accepted");
    expect(channel.tally.take()).toMatchObject({
      acceptedShares: 1,
      sharesSum: 0n,
      credits: [{ difficulty: 0, rejects: { "difficulty-too-low": 1 } }],
    });
  });

  it("counts for difficulty control as it is credited: a share without credit says nothing of the hashrate", () => {
    const steered = new Rig(new PoolHarness({ vardiff: true }));
    const miner = steered.open();
    const told: number[] = [];
    if (miner.vardiff === undefined) throw new Error("no vardiff");
    miner.vardiff.onShare = (difficulty) => told.push(difficulty);
    steered.connection.setTarget(miner, shareTarget(HARDER));
    steered.template();
    const { current } = steered.view.channel(miner.channelId);
    steered.connection.setTarget(miner, shareTarget(EASY));
    expect(steered.mine(miner, { jobId: current, meets: EASY, misses: HARDER })).toBe("accepted");
    expect(steered.mine(miner, { jobId: current, meets: HARDER })).toBe("accepted");
    expect(told).toEqual([0, shareTarget(HARDER).difficulty]);
  });

  it("is met by a hash that equals it, and missed by one that is greater by one", () => {
    const share = rig.view.share(channel.channelId, { meets: EASY });
    const hash = targetFromBytes(hashHeader(rig.view.header(share)));
    setTarget(hash - 1n);
    rig.template();
    // The same template again: the same header under another job id.
    const again = { ...share, jobId: rig.view.channel(channel.channelId).current };
    expect(rig.judge(channel, again)).toBe("difficulty-too-low");
    setTarget(hash);
    expect(rig.judge(channel, again), "equal to the newest target, above its job's").toBe("accepted");
    expect(channel.tally.take().credits[0]?.difficulty).toBe(0);
    const other = new Rig();
    const twin = other.open();
    other.connection.setTarget(twin, shareTarget(hash));
    other.template();
    const twinShare = { ...share, jobId: other.view.channel(twin.channelId).current };
    expect(other.view.header(twinShare), "the first channel of a like pool").toEqual(rig.view.header(share));
    expect(other.judge(twin, twinShare)).toBe("accepted");
    expect(twin.tally.take().credits[0]?.difficulty).toBe(shareTarget(hash).difficulty);
  });
});

describe("a share's verdict", () => {
  it("is the first that applies, over the network too", () => {
    const good = rig.view.share(channel.channelId);
    expect(rig.judge(channel, { ...good, jobId: 99, ntime: 0, version: 0 })).toBe("invalid-job-id");
    expect(rig.judge(channel, { ...good, extranonce: new Uint8Array(1), ntime: 0 })).toBe("bad-extranonce-size");
    expect(rig.judge(channel, { ...good, ntime: NTIME - 1, version: 0 })).toBe("invalid-timestamp");
    expect(rig.judge(channel, { ...good, version: 0x30000001 })).toBe("invalid-non-rollable-version-bit");
    expect(rig.judge(channel, good)).toBe("accepted");
    expect(rig.judge(channel, good)).toBe("duplicate-share");
    rig.template({ prevHash: B });
    expect(rig.judge(channel, { ...good, extranonce: new Uint8Array(1), ntime: 0, version: 0 })).toBe("stale-share");
  });

  it("of a duplicate comes before that of a missed target", () => {
    setTarget(HARDER);
    rig.template();
    const share = rig.view.share(channel.channelId, { meets: EASY, misses: HARDER });
    setTarget(EASY);
    expect(rig.judge(channel, share)).toBe("accepted");
    setTarget(HARDEST);
    expect(rig.judge(channel, share)).toBe("duplicate-share");
    expect(rig.judge(channel, { ...share, nonce: share.nonce + 1 })).not.toBe("duplicate-share");
  });

  it("says a bad time, version or size before a duplicate", () => {
    const share = rig.view.share(channel.channelId, { ntime: NTIME - 1 });
    expect([rig.judge(channel, share), rig.judge(channel, share)]).toEqual(["invalid-timestamp", "invalid-timestamp"]);
  });

  it("leaves a rejected share free to come again, once it is good", () => {
    setTarget(HARDER);
    rig.template();
    const share = rig.view.share(channel.channelId, { meets: EASY, misses: HARDER });
    expect(rig.judge(channel, share)).toBe("difficulty-too-low");
    expect(rig.judge(channel, share), "it is not a duplicate of a rejected one").toBe("difficulty-too-low");
  });

  it("names a job as long as the channel keeps it, and not one job longer", () => {
    const first = rig.view.share(channel.channelId);
    const second = { ...first, nonce: first.nonce + 1 };
    for (let refresh = 1; refresh < KEPT_JOBS; refresh += 1) rig.template();
    expect(rig.judge(channel, first)).toBe("accepted");
    rig.template();
    expect(rig.judge(channel, second)).toBe("invalid-job-id");
  });

  it("does not take another channel's job for its own", () => {
    const other = rig.open();
    const share = rig.view.share(other.channelId);
    expect(rig.judge(channel, share)).toBe("invalid-job-id");
  });

  it("finds a duplicate also on a tip that was left and came back", () => {
    const share = rig.view.share(channel.channelId);
    expect(rig.judge(channel, share)).toBe("accepted");
    rig.template({ prevHash: B });
    rig.template({ prevHash: A });
    expect(rig.judge(channel, share), "its job is of the first time").toBe("stale-share");
    const jobId = channel.jobs.at(-1)?.jobId ?? 0;
    expect(rig.judge(channel, { ...share, jobId }), "the same header under the new job").toBe("duplicate-share");
  });

  it("finds a duplicate under a job that differs in min_ntime only", () => {
    const share = rig.view.share(channel.channelId, { ntime: NTIME + 60 });
    expect(rig.judge(channel, share)).toBe("accepted");
    rig.template({ curTime: NTIME + 30 });
    const { current } = rig.view.channel(channel.channelId);
    expect(rig.judge(channel, { ...share, jobId: current })).toBe("duplicate-share");
  });

  it("is of the tip on which the share came, though it is judged after the next template", () => {
    const { pool, outcomes } = rig.harness;
    pool.addShare(channel, rig.view.share(channel.channelId), { wallMs: NTIME * 1000, monotonicMs: 0 });
    rig.template({ prevHash: B });
    pool.flushShares();
    expect(outcomes).toEqual([`${channel.key} accepted`]);
  });
});

describe("a channel's memory of shares", () => {
  it("takes as many as one tip may have, and the next one closes the channel", () => {
    const tip = channel.jobs.at(-1)?.jobTemplate.tip ?? 0;
    const full = 1 << 20;
    const hash = new Uint8Array(32);
    const view = new DataView(hash.buffer);
    for (let index = 1; index < full; index += 1) {
      view.setUint32(0, index);
      channel.duplicates.add(hash, tip);
    }
    const share = rig.view.share(channel.channelId);
    expect(rig.judge(channel, share)).toBe("accepted");
    expect(rig.judge(channel, share)).toBe("duplicate-share");
    expect(channel.open).toBe(true);
    expect(rig.judge(channel, { ...share, nonce: share.nonce + 1 })).toBe("full");
    expect(channel.open).toBe(false);
  });
});

describe("a share that solves a block", () => {
  const NETWORK = bitsToTarget(0x207fffff);
  let block: Rig;
  let finder: Channel;

  beforeEach(() => {
    const harness = new PoolHarness();
    harness.pool.setTemplate(template({ prevHash: A }));
    block = new Rig(harness);
    finder = block.open({ kind: "extended" });
  });

  it.each([
    ["invalid-timestamp", { ntime: NTIME - 1 }],
    ["invalid-timestamp", { ntime: NTIME + 7_201 }],
    ["invalid-non-rollable-version-bit", { version: 0x60000000 }],
  ])("gives the block where it is %s", (code, fields) => {
    const share = block.view.share(finder.channelId, { ...fields, meets: EASY });
    expect(block.judge(finder, share)).toBe(code);
    expect(block.harness.blocks).toHaveLength(1);
    expect(finder.tally.take()).toMatchObject({ acceptedShares: 0, credits: [{ rejects: { [code]: 1 } }] });
  });

  it("gives the block where it is stale", () => {
    const share = block.view.share(finder.channelId, { meets: EASY });
    block.harness.pool.setTemplate(template({ prevHash: B }));
    expect(block.judge(finder, share)).toBe("stale-share");
    expect(block.harness.blocks).toHaveLength(1);
  });

  it("gives none where no header can be built of it, or it misses the network's target", () => {
    const share = block.view.share(finder.channelId, { meets: EASY });
    expect(block.judge(finder, { ...share, extranonce: share.extranonce.subarray(1) })).toBe("bad-extranonce-size");
    expect(block.judge(finder, { ...share, jobId: 77 })).toBe("invalid-job-id");
    block.mine(finder, { misses: NETWORK });
    expect(block.harness.blocks).toEqual([]);
  });

  it("is accepted where it misses the share target, without credit", () => {
    block.connection.setTarget(finder, shareTarget(HARDER));
    block.harness.pool.setTemplate(template({ prevHash: A }));
    const share = block.view.share(finder.channelId, { meets: NETWORK, misses: HARDER });
    expect(block.judge(finder, share)).toBe("accepted block");
    expect(finder.tally.take().credits).toMatchObject([{ acceptedShares: 1, difficulty: 0 }]);
    expect(block.judge(finder, share)).toBe("duplicate-share");
  });

  it("hands the block over before its verdict is told", () => {
    const order: string[] = [];
    block.harness.onBlockFound = () => order.push("block");
    block.harness.onAccepted = () => order.push("verdict");
    block.harness.pool.addShare(finder, block.view.share(finder.channelId, { meets: EASY }), {
      wallMs: NTIME * 1000,
      monotonicMs: 0,
    });
    block.harness.pool.flushShares();
    expect(order).toEqual(["block", "verdict"]);
  });
});
