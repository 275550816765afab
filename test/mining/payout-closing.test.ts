import { describe, expect, it } from "vitest";
import type { Channel } from "../../src/mining/channel.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { CloseChannel } from "../../src/wire/channel-messages.ts";
import { MINING, PoolHarness, read } from "../session/session-fixture.ts";
import { B, NOW, Rig } from "./channel-rig.ts";

const ALICE = "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp";
const SOLO: MiningOptions = { ...MINING, payout: { ...MINING.payout, mode: "solo" } };
const REASON = "unknown-user";

/** Whom it names when the payout leaves nobody to pay for the channels `unpaid`, and `paid` goes on. */
function closedIds(rig: Rig, unpaid: readonly Channel[], paid: Channel): number[] {
  rig.frames();
  rig.harness.pool.reconfigure(SOLO, NOW);
  const closes = rig.frames().filter(({ header }) => header.msgType === CloseChannel.msgType);
  const messages = closes.map((frame) => read(frame, CloseChannel));
  expect(new Set(messages.map(({ reason_code }) => reason_code))).toEqual(new Set([REASON]));
  expect(rig.closed).toEqual(unpaid.map(({ channelId }) => `${channelId} ${REASON}`));
  expect([...rig.connection.channels()]).toEqual([paid]);
  expect([...rig.view.channels.keys()], "the client has closed the same").toEqual([paid.channelId]);
  rig.template({ prevHash: B });
  expect(rig.mine(paid)).toBe("accepted");
  return messages.map(({ channel_id }) => channel_id);
}

describe("channels that nobody can be paid for", () => {
  it("are closed by their group's id, in one frame, where it loses all of its members", () => {
    const rig = new Rig();
    const [one, two] = [rig.open({ kind: "extended" }), rig.open({ kind: "standard" })];
    const paid = rig.open({ kind: "extended", userIdentity: ALICE, minExtranonceSize: 16 });
    expect(closedIds(rig, [one, two], paid)).toEqual([one.groupChannelId]);
  });

  it("are closed one by one where a channel is in their group that moves to another", () => {
    const rig = new Rig();
    const [one, two] = [rig.open({ kind: "extended" }), rig.open({ kind: "extended" })];
    const paid = rig.open({ kind: "extended", userIdentity: ALICE });
    expect(paid.groupChannelId).toBe(one.groupChannelId);
    expect(closedIds(rig, [one, two], paid)).toEqual([one.channelId, two.channelId]);
  });

  it("are closed under their own id where they are alone in their group", () => {
    const rig = new Rig();
    const one = rig.open({ kind: "extended" });
    const paid = rig.open({ kind: "extended", userIdentity: ALICE, minExtranonceSize: 16 });
    expect(closedIds(rig, [one], paid)).toEqual([one.channelId]);
  });

  it("are closed one by one where the client takes standard jobs only, and knows of no groups", () => {
    const payout = { ...MINING.payout, mode: "identity" } as const;
    const rig = new Rig(new PoolHarness({ payout }), { requiresStandardJobs: true });
    const [one, two, paid] = [rig.open(), rig.open(), rig.open({ userIdentity: ALICE })];
    expect(paid.groupChannelId).not.toBe(one.groupChannelId);
    expect(closedIds(rig, [one, two], paid)).toEqual([one.channelId, two.channelId]);
  });
});
