import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { PoolHarness, type ReceivedFrame, read } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { B, NTIME, Rig } from "./channel-rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

/** Name and address of each frame. */
function sent(frames: readonly ReceivedFrame[] = rig.frames()): string[] {
  return frames.map((frame) => {
    switch (frame.header.msgType) {
      case NewMiningJob.msgType:
        return `standard ${read(frame, NewMiningJob).channel_id}`;
      case NewExtendedMiningJob.msgType:
        return `extended ${read(frame, NewExtendedMiningJob).channel_id}`;
      case SetNewPrevHash.msgType:
        return `prev_hash ${read(frame, SetNewPrevHash).channel_id}`;
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

describe("the address of a job", () => {
  it.each(["standard", "extended"] as const)("is the %s channel itself while its group has one member", (kind) => {
    const { channelId } = opened(kind);
    rig.template();
    expect(sent()).toEqual([`${kind} ${channelId}`]);
    rig.template({ prevHash: B });
    expect(sent()).toEqual([`${kind} ${channelId}`, `prev_hash ${channelId}`]);
  });

  it.each([
    ["standard", "standard"],
    ["extended", "extended"],
    ["standard", "extended"],
  ] as const)("is the group from two members on: %s and %s", (one, other) => {
    const { groupChannelId } = opened(one);
    expect(opened(other).groupChannelId).toBe(groupChannelId);
    rig.template();
    expect(sent()).toEqual([`extended ${groupChannelId}`]);
    rig.template({ prevHash: B });
    expect(sent()).toEqual([`extended ${groupChannelId}`, `prev_hash ${groupChannelId}`]);
  });

  it("is the channel itself again when the others are closed", () => {
    const { channelId } = opened("extended");
    rig.close(opened("extended").channelId);
    rig.template({ prevHash: B });
    expect(sent()).toEqual([`extended ${channelId}`, `prev_hash ${channelId}`]);
  });

  it("costs one frame however many members there are", () => {
    for (let member = 0; member < 10; member += 1) opened(member % 2 === 0 ? "standard" : "extended");
    rig.template();
    expect(sent()).toHaveLength(1);
  });

  it("is another group's for another extranonce size", () => {
    const small = [opened("extended"), opened("standard")];
    const large = [opened("extended", 16), opened("extended", 16)];
    rig.template({ prevHash: B });
    const groups = [small[0]?.groupChannelId, large[0]?.groupChannelId];
    expect(sent()).toEqual(groups.flatMap((group) => [`extended ${group}`, `prev_hash ${group}`]));
  });

  it("is each channel itself where the connection requires standard jobs", () => {
    rig = new Rig(rig.harness, { requiresStandardJobs: true });
    const ids = [opened("standard").channelId, opened("standard").channelId];
    rig.template({ prevHash: B });
    expect(sent()).toEqual(ids.flatMap((id) => [`standard ${id}`, `prev_hash ${id}`]));
  });

  it("is the channel itself for its first job, though its group has others", () => {
    opened("extended");
    const { channelId } = rig.open();
    expect(sent()).toEqual(["0x11", `standard ${channelId}`, `prev_hash ${channelId}`]);
  });

  it("is the channel itself for the job that follows its easier target, though its group has others", () => {
    opened("extended");
    const channel = opened("standard");
    rig.connection.setTarget(channel, shareTarget(targetOfDifficulty(1)));
    expect(sent()).toEqual(["0x21"]);
    rig.connection.setTarget(channel, shareTarget(targetOfDifficulty(0.5)));
    expect(sent()).toEqual(["0x21", `standard ${channel.channelId}`]);
  });
});

describe("shares of a group's job", () => {
  it("are hashed over the bytes that the group was sent, with each member's own prefix", () => {
    const members = [opened("standard"), opened("extended"), opened("standard")];
    rig.template({ prevHash: B, merklePath: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] });
    // A target that no hash meets by chance: only over exactly the same header is it met.
    const meets = targetOfDifficulty(1e-4);
    for (const member of members) rig.connection.setTarget(member, shareTarget(meets));
    rig.template({ prevHash: B, merklePath: [new Uint8Array(32).fill(3)] });
    for (const member of members) expect(rig.mine(member, { meets })).toBe("accepted");
  });

  it("are judged by each member's own target", () => {
    const [hard, easy] = [opened("extended"), opened("extended")] as const;
    rig.connection.setTarget(hard, shareTarget(targetOfDifficulty(1e-4)));
    rig.template();
    const misses = targetOfDifficulty(1e-4);
    expect(rig.mine(hard, { misses })).toBe("difficulty-too-low");
    expect(rig.mine(easy, { misses })).toBe("accepted");
  });

  it("of a member that came later are those of its own first job", () => {
    opened("extended");
    opened("extended");
    rig.template();
    const late = opened("extended");
    expect(late.jobs.map(({ jobId }) => jobId)).toEqual([rig.view.channel(late.channelId).current]);
    expect(rig.mine(late)).toBe("accepted");
  });
});

describe("a refreshed job", () => {
  it("has a min_ntime and no SetNewPrevHash, and leaves the older ones valid", () => {
    const channel = opened("extended");
    const before = rig.view.channel(channel.channelId).current;
    rig.template({ curTime: NTIME + 30 });
    const [frame] = rig.frames();
    expect(read(frame, NewExtendedMiningJob).min_ntime).toBe(NTIME + 30);
    expect(rig.mine(channel, { jobId: before })).toBe("accepted");
    expect(rig.mine(channel)).toBe("accepted");
  });
});

describe("a closed channel", () => {
  it("gives back the slots of all its jobs in the validator", () => {
    const validator = new SteeredValidator();
    rig = new Rig(new PoolHarness({}, { validator }));
    const channel = opened("standard");
    const other = opened("standard");
    for (let job = 0; job < 3; job += 1) {
      rig.template();
      for (const one of [channel, other]) rig.mine(one, { ntime: NTIME + job });
    }
    expect(validator.live.standard).toBe(6);
    rig.close(channel.channelId);
    expect(validator.live.standard).toBe(3);
    rig.connection.closeAll();
    expect(validator.live.standard).toBe(0);
  });
});
