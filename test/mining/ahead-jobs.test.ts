import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { PoolHarness, type ReceivedFrame, read } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { A, B, NTIME, Rig } from "./channel-rig.ts";

const SUBSIDY = 312_500_000n;
/** On A, with fees and one branch; the next block's subsidy is known. */
const FULL = {
  height: 900_001,
  prevHash: A,
  nextSubsidy: SUBSIDY,
  coinbaseValue: SUBSIDY + 5_000n,
  merklePath: [new Uint8Array(32).fill(7)],
};
/** On B, which was waited for. */
const NEXT = { ...FULL, height: 900_002, prevHash: B, curTime: NTIME + 600 };
const EMPTY_NEXT = { ...NEXT, coinbaseValue: SUBSIDY, merklePath: [] };

let validator: SteeredValidator;
let rig: Rig;

beforeEach(() => {
  validator = new SteeredValidator();
  const harness = new PoolHarness({}, { validator });
  rig = new Rig(harness);
  rig.template(FULL);
});

/** Name, address and job of each frame; future jobs are marked. */
function sent(frames: readonly ReceivedFrame[] = rig.frames()): string[] {
  return frames.map((frame) => {
    switch (frame.header.msgType) {
      case NewMiningJob.msgType: {
        const { channel_id, job_id, min_ntime } = read(frame, NewMiningJob);
        return `standard${min_ntime === undefined ? " future" : ""} ${channel_id} #${job_id}`;
      }
      case NewExtendedMiningJob.msgType: {
        const { channel_id, job_id, min_ntime } = read(frame, NewExtendedMiningJob);
        return `extended${min_ntime === undefined ? " future" : ""} ${channel_id} #${job_id}`;
      }
      case SetNewPrevHash.msgType: {
        const { channel_id, job_id } = read(frame, SetNewPrevHash);
        return `prev_hash ${channel_id} #${job_id}`;
      }
      default:
        return `0x${frame.header.msgType.toString(16)}`;
    }
  });
}

function opened(kind: "standard" | "extended", minExtranonceSize = 8): Channel {
  const channel = rig.open({ kind, minExtranonceSize });
  rig.frames();
  return channel;
}

/** A target that no hash meets by chance: a share of other bytes than the pool's misses it. */
const HARD = targetOfDifficulty(1e-5);

function harden(...channels: readonly Channel[]): void {
  for (const channel of channels) rig.connection.setTarget(channel, shareTarget(HARD));
  rig.frames();
}

describe("a new channel", () => {
  it.each(["standard", "extended"] as const)("%s, is announced the next block's job behind its first one", (kind) => {
    const { channelId } = rig.open({ kind });
    expect(sent()).toEqual([
      kind === "standard" ? "0x11" : "0x14",
      `${kind} future ${channelId} #1`,
      `prev_hash ${channelId} #1`,
      `${kind} future ${channelId} #2`,
    ]);
  });

  it("is announced nothing where the source does not say what the next block may pay", () => {
    rig.template({ ...FULL, nextSubsidy: undefined });
    const { channelId } = rig.open();
    expect(sent()).toEqual(["0x11", `standard future ${channelId} #1`, `prev_hash ${channelId} #1`]);
  });

  it("gets the job that its group waits with, under its own address and the same job id", () => {
    opened("extended");
    const { channelId } = rig.open({ kind: "extended" });
    expect(sent().slice(1)).toEqual([
      `extended future ${channelId} #3`,
      `prev_hash ${channelId} #3`,
      `extended future ${channelId} #2`,
    ]);
  });
});

describe("the tip that was waited for", () => {
  it("costs a SetNewPrevHash, and the whole job follows at once, then the next job ahead", () => {
    const { channelId } = opened("extended");
    rig.template(NEXT);
    expect(sent()).toEqual([
      `prev_hash ${channelId} #2`,
      `extended ${channelId} #3`,
      `extended future ${channelId} #4`,
    ]);
  });

  it("costs a SetNewPrevHash alone where its template is the empty one itself", () => {
    const { channelId } = opened("extended");
    rig.template(EMPTY_NEXT);
    expect(sent()).toEqual([`prev_hash ${channelId} #2`, `extended future ${channelId} #3`]);
    rig.template(NEXT);
    expect(sent(), "the whole one is a refresh then").toEqual([`extended ${channelId} #4`]);
  });

  it("reaches a group in one frame, and its members' own jobs by their own addresses", () => {
    const { groupChannelId } = opened("extended");
    opened("standard");
    rig.template(NEXT);
    rig.frames();
    opened("extended");
    rig.template({ ...NEXT, height: 900_003, prevHash: A });
    expect(sent().slice(0, 2), "the group's address, that of the job").toEqual([
      `prev_hash ${groupChannelId} #5`,
      `extended ${groupChannelId} #7`,
    ]);
  });

  it("costs a group one frame too where each member was sent the job under its own id, with a job of the group", () => {
    const { groupChannelId } = opened("extended");
    const other = opened("extended");
    rig.template(EMPTY_NEXT);
    expect(sent().slice(0, 2)).toEqual([`extended future ${groupChannelId} #4`, `prev_hash ${groupChannelId} #4`]);
    expect(rig.mine(other)).toBe("accepted");
  });

  it("goes to the group's address though all members but one have left, since the job was sent there", () => {
    const { groupChannelId } = opened("extended");
    const { channelId } = opened("extended");
    rig.template(NEXT);
    rig.frames();
    rig.close(channelId);
    rig.template({ ...NEXT, height: 900_003, prevHash: A });
    expect(sent()[0]).toBe(`prev_hash ${groupChannelId} #5`);
  });

  it("goes to each channel of a connection that requires standard jobs", () => {
    rig = new Rig(rig.harness, { requiresStandardJobs: true });
    const ids = [opened("standard").channelId, opened("standard").channelId];
    rig.template(NEXT);
    const frames = sent();
    expect(frames.slice(0, 4)).toEqual([
      ...ids.map((id) => `prev_hash ${id} #2`),
      ...ids.map((id, index) => `standard ${id} #${4 + index}`),
    ]);
  });

  it("has jobs whose shares are judged over the bytes that were sent ahead", () => {
    const channels = [opened("standard"), opened("extended"), opened("extended", 16), opened("standard")];
    harden(...channels);
    for (const [height, prevHash] of [
      [900_002, B],
      [900_003, A],
    ] as const) {
      rig.template({ ...EMPTY_NEXT, height, prevHash });
      for (const channel of channels) expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
    }
  });

  it("has jobs of its own for the empty block and the whole one, and shares of both count", () => {
    const channel = opened("extended");
    harden(channel);
    rig.template(NEXT);
    const [empty, whole] = [...rig.view.channel(channel.channelId).jobs.keys()].slice(-2);
    for (const jobId of [empty, whole]) {
      expect(rig.mine(channel, { jobId: jobId ?? 0, meets: HARD })).toBe("accepted");
    }
  });

  it("binds the target that the channel has then, not the one of the announcement", () => {
    const channel = opened("extended");
    harden(channel);
    rig.template(EMPTY_NEXT);
    expect(channel.jobs.at(-1)?.target).toEqual(shareTarget(HARD).bytes);
  });

  it("makes a block of the header alone and its coinbase, where a share of the empty job solves one", () => {
    const channel = opened("extended");
    const easy = { ...EMPTY_NEXT, bits: 0x207fffff };
    rig.template(easy);
    rig.mine(channel, { meets: targetOfDifficulty(1e-6) });
    const [found] = rig.harness.blocks;
    expect(found?.height).toBe(900_002);
    expect(found?.block[80], "one transaction").toBe(1);
  });
});

describe("a tip that was not waited for", () => {
  it.each([
    ["of the same height", { height: 900_001 }],
    ["two blocks ahead", { height: 900_003 }],
    ["of another version", { version: 0x20000004 }],
    ["that pays less than was announced", { coinbaseValue: SUBSIDY - 1n }],
  ])("%s gets a future job of its own, and is waited beyond", (_, fields) => {
    const { channelId } = opened("extended");
    rig.template({ ...NEXT, ...fields });
    expect(sent()).toEqual([
      `extended future ${channelId} #3`,
      `prev_hash ${channelId} #3`,
      `extended future ${channelId} #4`,
    ]);
  });

  it("with other rollable bits alone is the one that was waited for", () => {
    const { channelId } = opened("extended");
    rig.template({ ...NEXT, version: 0x3fffe000 });
    expect(sent()[0]).toBe(`prev_hash ${channelId} #2`);
  });
});

describe("while a job waits", () => {
  it("a refresh announces no second one, and never takes its place in firmware's eight", () => {
    const { channelId } = opened("extended");
    const ids: number[] = [];
    for (let refresh = 0; refresh < 20; refresh += 1) {
      rig.template({ ...FULL, curTime: NTIME + refresh });
      ids.push(...rig.frames().map((frame) => read(frame, NewExtendedMiningJob).job_id));
    }
    expect(ids).toHaveLength(20);
    expect(ids.filter((jobId) => jobId % 8 === 2)).toEqual([]);
    rig.template(NEXT);
    expect(sent()[0]).toBe(`prev_hash ${channelId} #2`);
  });

  it("its shares are of no job that is known", () => {
    const channel = opened("extended");
    const share = rig.view.share(channel.channelId);
    expect(rig.judge(channel, { ...share, jobId: 2 })).toBe("invalid-job-id");
  });

  it("the roots of all standard channels take one call for the template and one for what is announced", () => {
    rig = new Rig(rig.harness, { requiresStandardJobs: true });
    for (let channel = 0; channel < 5; channel += 1) opened("standard");
    let calls = 0;
    const merkleRoots = validator.merkleRoots.bind(validator);
    validator.merkleRoots = (...all) => {
      calls += 1;
      return merkleRoots(...all);
    };
    rig.template(FULL);
    expect(calls, "a refresh").toBe(1);
    rig.template(NEXT);
    expect(calls, "the new tip's, and the one after it").toBe(3);
  });
});
