import { beforeEach, describe, expect, it } from "vitest";
import { AditError, IGNORE } from "../../src/core/errors.ts";
import { isServerOnly } from "../../src/session/server-only-messages.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  UpdateChannel,
  UpdateChannelError,
} from "../../src/wire/channel-messages.ts";
import { ChannelEndpointChanged } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { NewMiningJob, SetCustomMiningJob, SetCustomMiningJobError, SetTarget } from "../../src/wire/job-messages.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";
import { SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { CUSTOM_JOB, EASIEST, OPEN, PoolHarness, read, SessionHarness } from "./session-fixture.ts";

let pool: PoolHarness;
let client: SessionHarness;
let channelId: number;

beforeEach(() => {
  pool = PoolHarness.withWork();
  client = new SessionHarness(pool).setup().send(OpenStandardMiningChannel, OPEN);
  channelId = read(client.frames()[1], OpenStandardMiningChannelSuccess).channel_id;
});

describe("UpdateChannel", () => {
  const update = (fields: Partial<UpdateChannel>): void => {
    client.send(UpdateChannel, {
      channel_id: channelId,
      nominal_hash_rate: 2 ** 32,
      maximum_target: EASIEST,
      ...fields,
    });
  };

  it("is answered at once with the new target", () => {
    const begun = client.session.channels?.find(channelId)?.target.difficulty;
    update({});
    const [frame, more] = client.frames();
    expect(read(frame, SetTarget).channel_id).toBe(channelId);
    expect(client.session.channels?.find(channelId)?.target.difficulty).toBeCloseTo(5, 3);
    const told = { channelId, difficulty: expect.closeTo(5, 3) };
    expect(client.events.slice(-2)).toEqual([
      { kind: "target-changed", ...told, previousDifficulty: begun },
      { kind: "channel-updated", ...told, nominalHashrate: 2 ** 32 },
    ]);
    expect(frame?.header.channelMsg).toBe(true);
    expect(more).toBeUndefined();
  });

  it("that eases the target is followed by a job at once", () => {
    update({});
    client.frames();
    update({ nominal_hash_rate: 2 ** 20 });
    const [target, job, more] = client.frames();
    read(target, SetTarget);
    expect(read(job, NewMiningJob)).toMatchObject({ channel_id: channelId, min_ntime: 1_700_000_000 });
    expect(more).toBeUndefined();
  });

  it.each([
    [{ channel_id: 77 }, "invalid-channel-id"],
    [{ channel_id: 77, nominal_hash_rate: -1 }, "invalid-channel-id"],
    [{ nominal_hash_rate: -1 }, "invalid-nominal-hashrate"],
    [{ nominal_hash_rate: Number.NaN }, "invalid-nominal-hashrate"],
    [{ maximum_target: new Uint8Array(32) }, "max-target-out-of-range"],
  ])("%j is refused", (fields, error_code) => {
    update(fields);
    const [frame, more] = client.frames();
    expect(read(frame, UpdateChannelError)).toEqual({
      channel_id: "channel_id" in fields ? fields.channel_id : channelId,
      error_code,
    });
    expect(frame?.header.channelMsg).toBe(true);
    expect(more).toBeUndefined();
    expect(client.ended).toBeUndefined();
    const told = { kind: "channel-update-refused", channelId: "channel_id" in fields ? 77 : channelId };
    expect(client.events.at(-1)).toEqual({ ...told, errorCode: error_code });
  });
});

describe("CloseChannel", () => {
  const CLOSED = {
    kind: "channel-closed",
    channelKind: "standard",
    userIdentity: "alice",
    by: "client",
    reasonCode: "bye",
    acceptedShares: 0,
    rejectedShares: 0,
  };

  it("of a group closes all of its channels, tells of each, and never ends the connection", () => {
    client.send(OpenStandardMiningChannel, OPEN);
    const { group_channel_id, channel_id } = read(client.frames()[0], OpenStandardMiningChannelSuccess);
    client.send(CloseChannel, { channel_id: group_channel_id, reason_code: "bye" });
    expect(client.session.channels?.size).toBe(0);
    expect(pool.pool.openChannels).toBe(0);
    expect(client.ended).toBeUndefined();
    expect(client.events.slice(-2)).toEqual([
      { ...CLOSED, channelId },
      { ...CLOSED, channelId: channel_id },
    ]);
  });

  it("of a channel that is not there does nothing", () => {
    const events = client.events.length;
    client.send(CloseChannel, { channel_id: 99, reason_code: "" });
    expect(client.events).toHaveLength(events);
    expect(client.frames()).toEqual([]);
    expect(client.session.channels?.size).toBe(1);
  });
});

describe("a connection that ends", () => {
  it("tells of each channel that was open still, with its shares and the reason, before it tells of itself", () => {
    client.send(CloseChannel, { channel_id: channelId, reason_code: "bye" });
    for (const user of ["bob", "carol"]) {
      client.send(OpenStandardMiningChannel, { ...OPEN, user_identity: new TextEncoder().encode(user) });
    }
    const [bob, carol] = [...(client.session.channels?.channels() ?? [])];
    bob?.tally.accept({ sequenceNumber: 1, difficulty: 1, hash: new Uint8Array(32) });
    bob?.tally.reject("stale-share");
    bob?.tally.reject("stale-share");
    const before = client.events.length;
    client.session.end("socket-error");
    const common = { kind: "channel-closed", channelKind: "standard", by: "connection", reasonCode: "socket-error" };
    expect(client.events.slice(before)).toEqual([
      { ...common, channelId: bob?.channelId, userIdentity: "bob", acceptedShares: 1, rejectedShares: 2 },
      { ...common, channelId: carol?.channelId, userIdentity: "carol", acceptedShares: 0, rejectedShares: 0 },
    ]);
    expect(client.eventsBeforeEnd).toBe(before + 2);
    expect(client.end).toMatchObject({ openChannels: 2, shares: { acceptedTotal: 1, rejectedTotal: 2 } });
  });
});

describe("SetCustomMiningJob", () => {
  it("is refused", () => {
    client.send(SetCustomMiningJob, CUSTOM_JOB);
    const [frame] = client.frames();
    expect(read(frame, SetCustomMiningJobError)).toEqual({
      channel_id: 2,
      request_id: 5,
      error_code: "jd-not-supported",
    });
    expect(frame?.header.channelMsg).toBe(true);
  });
});

describe("messages without meaning here", () => {
  it("ChannelEndpointChanged is ignored in silence", () => {
    const events = client.events.length;
    client.send(ChannelEndpointChanged, { channel_id: 1 });
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
    expect(client.events).toHaveLength(events);
  });

  it("unknown ones are ignored, and each kind is reported once", () => {
    const unknown = new Uint8Array([0, 0, 0x7e, 1, 0, 0, 9]);
    const reserved = new Uint8Array([0, 0x80, 0x1e, 4, 0, 0, 1, 2, 3, 4]);
    // An extension's message whose number is one that only a server sends in the core protocol.
    const extension = new Uint8Array([0x55, 0xc0, 0x01, 0, 0, 0]);
    for (const frame of [unknown, extension, unknown, reserved, extension]) client.receive(frame);
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
    expect(client.events.slice(3)).toEqual([
      { kind: "unknown-message", extensionType: 0, msgType: 0x7e },
      { kind: "unknown-message", extensionType: 0x4055, msgType: 0x01 },
      { kind: "unknown-message", extensionType: 0, msgType: 0x1e },
    ]);
  });

  it("those of job declaration and template distribution are as unknown as others", () => {
    const others = [0x50, 0x51, 0x55, 0x56, 0x57, 0x58, 0x59, 0x60, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76];
    for (const msgType of others) client.receive(new Uint8Array([0, 0, msgType, 1, 0, 0, 9]));
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
    expect(client.events.slice(3)).toEqual(
      others.map((msgType) => ({ kind: "unknown-message", extensionType: 0, msgType })),
    );
  });

  it("are reported up to sixteen kinds, and not one more", () => {
    for (let extension = 1; extension <= 17; extension += 1) client.receive(new Uint8Array([extension, 0, 9, 0, 0, 0]));
    expect(client.events.filter(({ kind }) => kind === "unknown-message")).toHaveLength(16);
    expect(client.ended).toBeUndefined();
  });
});

describe("messages that only a server sends", () => {
  const numbers = [
    0x01, 0x02, 0x04, 0x11, 0x12, 0x14, 0x15, 0x17, 0x19, 0x1c, 0x1d, 0x1f, 0x20, 0x21, 0x23, 0x24, 0x25,
  ];

  it("are these", () => {
    const all = Array.from({ length: 256 }, (_, msgType) => msgType);
    expect(all.filter((msgType) => isServerOnly({ extensionType: 0, msgType }))).toEqual(numbers);
    expect(all.filter((msgType) => isServerOnly({ extensionType: 1, msgType }))).toEqual([0x01, 0x02]);
    expect(all.filter((msgType) => isServerOnly({ extensionType: 2, msgType }))).toEqual([]);
  });

  it.each([0x01, 0x02])("of extension 0x0001 too, 0x%i, end the connection without an answer", (msgType) => {
    client.receive(new Uint8Array([1, 0, msgType, 0, 0, 0]));
    expect(client.ended).toBe("protocol:server-only-message");
    expect(client.frames()).toEqual([]);
  });

  it.each(numbers.map((msgType) => [msgType.toString(16).padStart(2, "0"), msgType] as const))(
    "0x%s ends the connection without an answer",
    (_hex, msgType) => {
      client.receive(new Uint8Array([0, 0, msgType, 0, 0, 0]));
      expect(client.ended).toBe("protocol:server-only-message");
      expect(client.frames()).toEqual([]);
    },
  );
});

describe("the channel_msg bit", () => {
  it.each([
    ["OpenStandardMiningChannel", OpenStandardMiningChannel, OPEN, [0x11, 0x15, 0x20]],
    ["OpenExtendedMiningChannel", OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 2 }, [0x14, 0x1f, 0x20]],
    ["UpdateChannel", UpdateChannel, { channel_id: 9, nominal_hash_rate: 1, maximum_target: EASIEST }, [0x17]],
    [
      "SubmitSharesStandard",
      SubmitSharesStandard,
      { channel_id: 9, sequence_number: 1, job_id: 1, nonce: 1, ntime: 1, version: 1 },
      [0x1d],
    ],
    [
      "SubmitSharesExtended",
      SubmitSharesExtended,
      {
        channel_id: 9,
        sequence_number: 1,
        job_id: 1,
        nonce: 1,
        ntime: 1,
        version: 1,
        extranonce: new Uint8Array(8),
      },
      [0x1d],
    ],
    ["SetCustomMiningJob", SetCustomMiningJob, CUSTOM_JOB, [0x24]],
    ["CloseChannel", CloseChannel, { channel_id: 9, reason_code: "" }, []],
    ["ChannelEndpointChanged", ChannelEndpointChanged, { channel_id: 9 }, []],
  ])("of %s is ignored", (_name, definition, message, answer) => {
    // biome-ignore lint/suspicious/noExplicitAny: one table for messages of all types
    const frame = encodeFrame(definition as MessageDefinition<any>, message);
    frame[1] = (frame[1] ?? 0) ^ 0x80;
    const reported = client.events.filter(({ kind }) => kind === "unknown-message").length;
    expect(
      client
        .receive(frame)
        .frames()
        .map(({ header }) => header.msgType),
    ).toEqual(answer);
    expect(client.ended).toBeUndefined();
    expect(client.events.filter(({ kind }) => kind === "unknown-message")).toHaveLength(reported);
  });
});

describe("a message whose fields do not fit", () => {
  it.each([
    ["ends inside a field", [0, 0, 0x10, 6, 0, 0, 1, 0, 0, 0, 9, 9], "protocol:truncated-data"],
    ["is longer than it can be", [0, 0x80, 0x16, 0xff, 0xff, 0], "protocol:frame-too-long"],
  ])("that %s ends the connection", (_what, bytes, reason) => {
    client.receive(new Uint8Array(bytes));
    expect(client.ended).toBe(reason);
    expect(pool.pool.openChannels).toBe(0);
  });
});

describe("a fault of ours", () => {
  it.each([new Error("injected"), new AditError("no slot is free", { code: "job-limit", disposition: IGNORE })])(
    "ends the connection, and is told with its error, not as the peer's: %s",
    (error) => {
      pool.pool.addShare = () => {
        throw error;
      };
      client.send(SubmitSharesStandard, {
        channel_id: channelId,
        sequence_number: 1,
        job_id: 1,
        nonce: 1,
        ntime: 1,
        version: 1,
      });
      expect(client).toMatchObject({ ended: "internal-error", error });
    },
  );
});
