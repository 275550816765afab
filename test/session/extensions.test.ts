import { beforeEach, describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { OpenExtendedMiningChannel, OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { ChannelEndpointChanged } from "../../src/wire/common-messages.ts";
import {
  RequestExtensions,
  RequestExtensionsError,
  RequestExtensionsSuccess,
} from "../../src/wire/extension-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { MinerView } from "../mining/miner-view.ts";
import { tlv, withTlvs, workerTlv } from "../support/tlv.ts";
import { OPEN, PoolHarness, read, SessionHarness } from "./session-fixture.ts";

let pool: PoolHarness;
let client: SessionHarness;
let view: MinerView;

beforeEach(() => {
  pool = PoolHarness.withWork();
  client = new SessionHarness(pool).setup();
  client.frames();
  view = new MinerView();
});

function request(...requested_extensions: number[]): void {
  client.send(RequestExtensions, { request_id: 9, requested_extensions });
}

function opened(kind: "standard" | "extended" = "extended"): Channel {
  if (kind === "standard") client.send(OpenStandardMiningChannel, OPEN);
  else client.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 8 });
  for (const frame of client.frames()) view.see(frame);
  const channel = [...(client.session.channels?.channels() ?? [])].at(-1);
  if (channel === undefined) throw new Error("no channel");
  return channel;
}

/** Sends a share of the channel with those bytes behind its fields, and lets the turn end. */
function submit(channel: Channel, fill: number, tlvs: Uint8Array): void {
  const rollable = channel.kind === "extended" ? 8 : 0;
  const share = view.share(channel.channelId, { extranonce: new Uint8Array(rollable).fill(fill) });
  const fields = {
    channel_id: share.channelId,
    sequence_number: fill,
    job_id: share.jobId,
    nonce: share.nonce,
    ntime: share.ntime,
    version: share.version,
  };
  const frame =
    channel.kind === "extended"
      ? encodeFrame(SubmitSharesExtended, { ...fields, extranonce: share.extranonce })
      : encodeFrame(SubmitSharesStandard, fields);
  client.receive(client.sealed(withTlvs(frame, tlvs)));
  pool.pool.flushShares();
}

/** Who earned on the channel since the last call. */
function earners(channel: Channel): string[] {
  return channel.tally
    .take()
    .credits.filter(({ acceptedShares }) => acceptedShares > 0)
    .map(({ userIdentity }) => userIdentity);
}

describe("a request for extensions", () => {
  it.each([
    [[2], [2]],
    [[2, 3], [2]],
    [[3, 2, 0x4055], [2]],
    [
      [1, 2],
      [1, 2],
    ],
    [[2, 2, 2], [2]],
  ])("for %j is answered with those of them that are supported: %j", (requested, supported_extensions) => {
    request(...requested);
    const [frame, more] = client.frames();
    expect(read(frame, RequestExtensionsSuccess)).toEqual({ request_id: 9, supported_extensions });
    expect(frame?.header.channelMsg).toBe(false);
    expect(more).toBeUndefined();
    expect(client.events.at(-1)).toEqual({ kind: "extensions-requested", requested, supported: supported_extensions });
  });

  it.each([
    [[], []],
    [[3], [3]],
    [
      [3, 0x4055, 3],
      [3, 0x4055],
    ],
  ])("for %j is refused where none of them is supported, and the connection lives on", (requested, unsupported) => {
    request(...requested);
    const [frame, more] = client.frames();
    expect(read(frame, RequestExtensionsError)).toEqual({
      request_id: 9,
      unsupported_extensions: unsupported,
      required_extensions: [],
    });
    expect(frame?.header.channelMsg).toBe(false);
    expect(more).toBeUndefined();
    expect(client.events.at(-1)).toEqual({ kind: "extensions-requested", requested, supported: [] });
    expect(client.ended).toBeUndefined();
    expect(opened().kind).toBe("extended");
  });

  it("is answered before the first Open is, also while that waits for work", () => {
    pool.pool.suspendWork();
    client.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 8 });
    request(2);
    expect(client.frames().map(({ header }) => [header.extensionType, header.msgType])).toEqual([[1, 1]]);
  });

  it("has the bit of a channel's message or not: it is answered all the same", () => {
    const frame = encodeFrame(RequestExtensions, { request_id: 9, requested_extensions: [2] });
    frame[1] = 0x80;
    expect(read(client.receive(frame).frames()[0], RequestExtensionsSuccess).supported_extensions).toEqual([2]);
  });

  it("before the setup ends the connection", () => {
    const early = new SessionHarness(pool).shakeHands();
    early.send(RequestExtensions, { request_id: 9, requested_extensions: [2] });
    expect(early.ended).toBe("protocol:setup-expected");
  });

  it("that is longer than any can be ends the connection before it is buffered", () => {
    client.receive(new Uint8Array([1, 0, 0, 0x04, 0x03, 0]));
    expect(client.ended).toBe("protocol:frame-too-long");
  });

  it("whose list reaches past its end ends the connection", () => {
    client.receive(new Uint8Array([1, 0, 0, 4, 0, 0, 9, 0, 1, 0]));
    expect(client.ended).toBe("protocol:malformed-message");
  });

  it("does not put off the deadline for a first channel", () => {
    for (let second = 0; second < 60; second += 1) {
      request(2);
      client.advance(1_000);
    }
    expect(client.ended).toBe("no-channel-timeout");
  });

  it("is the one message of its extension that a client sends: others that are not known are ignored", () => {
    client.receive(new Uint8Array([1, 0, 0x03, 0, 0, 0]));
    expect(client.ended).toBeUndefined();
    expect(client.events.at(-1)).toEqual({ kind: "unknown-message", extensionType: 1, msgType: 3 });
  });
});

describe.each(["little-endian", "big-endian"] as const)("a share with a worker's name, %s", (order) => {
  it("is credited to that worker, once this was agreed on", () => {
    request(2);
    client.frames();
    const channel = opened();
    submit(channel, 1, workerTlv("rig1", order));
    expect(earners(channel)).toEqual(["alice.rig1"]);
    submit(channel, 2, new Uint8Array(0));
    expect(earners(channel), "that of the share before is not remembered").toEqual(["alice"]);
    expect(pool.outcomes).toEqual(Array.from({ length: 2 }, () => `${channel.key} accepted`));
  });

  it("is credited to the channel where it was not", () => {
    const channel = opened();
    submit(channel, 1, workerTlv("rig1", order));
    request(1);
    submit(channel, 2, workerTlv("rig1", order));
    submit(channel, 3, workerTlv(new Uint8Array(33), order));
    expect(channel.tally.take().credits).toMatchObject([{ userIdentity: "alice", acceptedShares: 3, rejects: {} }]);
  });
});

describe("what was agreed on", () => {
  let channel: Channel;
  let shares: number;
  beforeEach(() => {
    shares = 0;
    request(2);
    client.frames();
    channel = opened();
  });

  /** Whom a share that names the worker `rig1` is credited to. */
  function credited(): string | undefined {
    shares += 1;
    submit(channel, shares, workerTlv("rig1"));
    return earners(channel)[0];
  }

  it("can be agreed on late, and anew: the newest request counts", () => {
    expect(credited()).toBe("alice.rig1");
    request(1, 3);
    read(client.frames()[0], RequestExtensionsSuccess);
    expect(credited()).toBe("alice");
    request(2);
    expect(credited()).toBe("alice.rig1");
  });

  it.each([[[]], [[3]]])("is nothing any more where the newest request, for %j, was refused", (requested) => {
    request(...requested);
    read(client.frames()[0], RequestExtensionsError);
    expect(credited()).toBe("alice");
  });

  it("is nothing any more after ChannelEndpointChanged, until it is agreed on again", () => {
    client.send(ChannelEndpointChanged, { channel_id: channel.channelId });
    expect(client.frames()).toEqual([]);
    expect(credited()).toBe("alice");
    request(2);
    expect(credited()).toBe("alice.rig1");
  });

  it("holds for one connection alone", () => {
    client = new SessionHarness(pool, { connectionId: "c2" }).setup();
    client.frames();
    view = new MinerView();
    channel = opened();
    expect(credited()).toBe("alice");
  });

  it("is not asked of a standard share, which cannot name one", () => {
    channel = opened("standard");
    expect(credited()).toBe("alice");
  });

  it("refuses a name of more than 32 bytes, and only that share", () => {
    submit(channel, 1, workerTlv("a".repeat(33)));
    expect(pool.outcomes).toEqual([`${channel.key} 1 invalid-user-identity`]);
    submit(channel, 2, workerTlv("a".repeat(32)));
    expect(earners(channel)).toEqual([`alice.${"a".repeat(32)}`]);
    expect(client.ended).toBeUndefined();
  });

  it.each([
    ["empty", workerTlv("")],
    ["cut", workerTlv("rig1").subarray(0, 8)],
    ["cut in its header", new Uint8Array([2, 0, 1])],
    ["another field of the extension", tlv({ extensionType: 2, fieldType: 2 }, new Uint8Array(4))],
    ["another extension's", tlv({ extensionType: 3, fieldType: 1 }, new Uint8Array(250))],
  ])("takes a share whose field is %s for the channel's own", (_what, tlvs) => {
    submit(channel, 1, tlvs);
    expect(earners(channel)).toEqual(["alice"]);
    expect(client.ended).toBeUndefined();
  });

  it("is found behind a field that is not known", () => {
    submit(channel, 1, concatBytes(tlv({ extensionType: 1, fieldType: 7 }, new Uint8Array(9)), workerTlv("rig1")));
    expect(earners(channel)).toEqual(["alice.rig1"]);
  });

  it("leaves 255 bytes behind a share's fields, and not one more", () => {
    submit(channel, 1, new Uint8Array(255).fill(0xee));
    expect(earners(channel)).toEqual(["alice"]);
    submit(channel, 2, new Uint8Array(256).fill(0xee));
    expect(client.ended).toBe("protocol:malformed-share");
  });
});
