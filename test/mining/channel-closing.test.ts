import { beforeEach, describe, expect, it } from "vitest";
import { CloseChannel } from "../../src/wire/channel-messages.ts";
import { PoolHarness, read } from "../session/session-fixture.ts";
import { B, later, NOW, Rig } from "./channel-rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
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

  it("a group says nothing more to any of its members, of whose shares no verdict is known yet", () => {
    const [one, two] = [rig.open(), rig.open()];
    const said: string[] = [];
    rig.harness.onRejected = ({ channelId, open }) => said.push(`${channelId} ${open ? "open" : "closed"}`);
    // A share of its own gives the first one a slot in the validator, which is given back with it.
    rig.mine(one);
    rig.harness.pool.addShare(two, { ...rig.view.share(two.channelId), jobId: 77 }, NOW);
    rig.close(one.groupChannelId);
    rig.harness.pool.flushShares();
    expect(said).toEqual([`${two.channelId} closed`]);
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
    expect(rig.closed).toEqual([first, second].map(({ channelId }) => `${channelId} ${reason_code}`));
    expect(rig.harness.pool.openChannels).toBe(0);
  });
});

describe("a channel with too many shares on one tip", () => {
  it("of a client that does not heed CloseChannel ends the connection, its other channels too", () => {
    rig = new Rig(new PoolHarness(), { heedsCloseChannel: false });
    const [overfull] = [rig.open(), rig.open()];
    rig.frames();
    rig.harness.pool.closeOverfull(overfull);
    expect(rig.frames()).toEqual([]);
    expect(rig.ended).toBe("duplicates-full");
    expect(rig.closed).toEqual([`${overfull.channelId} too-many-shares-on-one-tip`]);
  });

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
