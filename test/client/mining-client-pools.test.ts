/** What pools may do that ours does not, and what none may do. */

import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import {
  OpenMiningChannelError,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
} from "../../src/wire/channel-messages.ts";
import {
  Reconnect,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
} from "../../src/wire/common-messages.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { SubmitSharesError, SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { Conversation, TARGET } from "./mining-conversation.ts";

const STANDARD_CHANNEL = {
  request_id: 1,
  channel_id: 3,
  target: TARGET,
  extranonce_prefix: fromHex("aa"),
  group_channel_id: 4,
};
const STANDARD_JOB = { job_id: 9, min_ntime: undefined, version: 0x20000000, merkle_root: new Uint8Array(32) };

let conversation: Conversation;
beforeEach(() => {
  conversation = new Conversation();
});

describe("A mining client that its pool refuses", () => {
  it.each([
    ["protocol-version-mismatch", "update the older of the two"],
    ["unsupported-feature-flags", "try the other kind of --channel"],
    ["of-another-pool", "ask the pool's operator what it means"],
  ])("says that the connection was refused with %s, and to %s", (error_code, advice) => {
    conversation.client.begin();
    expect(() => conversation.answer(SetupConnectionError, { flags: 0, error_code })).toThrow(
      expect.objectContaining({
        code: "setup-refused",
        message: expect.stringMatching(new RegExp(`connection with ${error_code}: .*${advice}`)),
        details: { errorCode: error_code },
      }),
    );
  });

  it.each([
    ["unknown-user", "--user"],
    ["invalid-nominal-hashrate", "--hashrate"],
    ["no-template-available", "try again shortly"],
    ["channel-capacity-exhausted", "try again later"],
    ["of-another-pool", "ask the pool's operator what it means"],
  ])("says that the channel was refused with %s, and mentions: %s", (error_code, advice) => {
    conversation.setUp();
    expect(() => conversation.answer(OpenMiningChannelError, { request_id: 1, error_code })).toThrow(
      expect.objectContaining({
        code: "open-refused",
        message: expect.stringMatching(new RegExp(`channel with ${error_code}: .*${advice}`)),
      }),
    );
  });

  it("shows no control characters that the pool has sent", () => {
    conversation.setUp();
    const error_code = "\u001b[2Jno\n";
    expect(() => conversation.answer(OpenMiningChannelError, { request_id: 1, error_code })).toThrow(
      "the pool refuses the channel with \\u{1b}[2Jno\\u{a}: ask the pool's operator what it means",
    );
  });
});

describe("A mining client whose pool opens extended channels alone", () => {
  it("gives up before it asks for a standard one, and says what to do", () => {
    const standard = new Conversation("standard");
    expect(() => standard.setUp(2)).toThrow(
      expect.objectContaining({
        code: "extended-channels-required",
        message: "the pool opens no standard channels: use --channel extended",
      }),
    );
    expect(standard.last(SetupConnection).flags).toBe(1);
  });

  it("opens an extended one as ever", () => {
    expect(conversation.open({}, 2).events).toEqual([["open", 11, "aabbcc"]]);
  });
});

describe("A mining client whose pool fixes the version", () => {
  it.each([
    [0, false],
    [1, true],
    [2, false],
    [3, true],
  ])("by flags %s keeps that of an extended job: %s, and rolls the extranonce", (flags, isFixed) => {
    conversation.open({}, flags);
    conversation.job(11, 1);
    conversation.tip(11, 1);
    const units = [conversation.client.nextUnit(), conversation.client.nextUnit()];
    const versions = units.map((unit) => unit?.version);
    if (isFixed) expect(versions).toEqual([0x20000000, 0x20000000]);
    else expect(new Set(versions).size).toBe(2);
    expect(units.map((unit) => toHex(unit?.extranonce ?? fromHex("")))).toEqual(["0000000001", "0000000002"]);
  });
});

describe("A mining client takes as a broken protocol", () => {
  const broken = expect.objectContaining({
    code: "unexpected-message",
    message: expect.stringContaining("the pool broke the protocol: it "),
  });

  it("a second answer to its setup", () => {
    conversation.setUp();
    expect(() => conversation.setUp()).toThrow(broken);
  });

  it("another version than the offered one", () => {
    conversation.client.begin();
    expect(() => conversation.answer(SetupConnectionSuccess, { used_version: 3, flags: 0 })).toThrow(broken);
  });

  it("a channel before its setup is answered", () => {
    const standard = new Conversation("standard");
    standard.client.begin();
    expect(() => standard.answer(OpenStandardMiningChannelSuccess, STANDARD_CHANNEL)).toThrow(broken);
  });

  it("a second channel", () => {
    const standard = new Conversation("standard").setUp();
    standard.answer(OpenStandardMiningChannelSuccess, STANDARD_CHANNEL);
    expect(() => standard.answer(OpenStandardMiningChannelSuccess, STANDARD_CHANNEL)).toThrow(broken);
  });

  it("a channel of the other kind", () => {
    expect(() => conversation.setUp().answer(OpenStandardMiningChannelSuccess, STANDARD_CHANNEL)).toThrow(broken);
    expect(() => new Conversation("standard").open()).toThrow(broken);
  });

  it("less extranonce than it asked for, but not as much as that", () => {
    expect(() => conversation.open({ extranonce_size: 1 })).toThrow(broken);
    expect(new Conversation().open({ extranonce_size: 2 }).events).toEqual([["open", 11, "aabbcc"]]);
  });

  it("a job of the other kind on its channel, but not on another's", () => {
    conversation.open();
    conversation.answer(NewMiningJob, { channel_id: 13, ...STANDARD_JOB });
    expect(() => conversation.answer(NewMiningJob, { channel_id: 11, ...STANDARD_JOB })).toThrow(broken);
  });

  it("no message of an extension, and none that it does not know", () => {
    conversation.open();
    const events = conversation.events.length;
    for (const header of [
      { extensionType: 5, channelMsg: false, msgType: 0x1f, length: 3 },
      { extensionType: 0, channelMsg: false, msgType: 0xfe, length: 3 },
    ]) {
      conversation.client.receive(header, fromHex("010203"));
    }
    expect(conversation.events.length).toBe(events);
  });
});

describe("A mining client", () => {
  it("mines with a new extranonce prefix on jobs that come after it, and on none before", () => {
    const always = new Conversation().open({ extranonce_prefix: fromHex("ddeeff") });
    const [unchanged, changed] = [conversation.open(), new Conversation().open()];
    for (const each of [always, unchanged, changed]) each.job(11, 1);
    changed.answer(SetExtranoncePrefix, { channel_id: 11, extranonce_prefix: fromHex("ddeeff") });
    for (const each of [always, unchanged, changed]) each.tip(11, 1);
    const first = [always, unchanged, changed].map(({ client }) => toHex(client.nextUnit()?.header ?? fromHex("")));
    expect(first[2]).toBe(first[1]);
    expect(first[2]).not.toBe(first[0]);
    for (const each of [always, unchanged, changed]) each.job(11, 2, 1001);
    const second = [always, unchanged, changed].map(({ client }) => toHex(client.nextUnit()?.header ?? fromHex("")));
    expect(second[2]).toBe(second[0]);
    expect(second[2]).not.toBe(second[1]);
  });

  it.each([
    ["another channel", 13],
    ["its group, which can have none", 12],
  ])("keeps its extranonce prefix where one comes for %s", (_, channel_id) => {
    conversation.open();
    const other = new Conversation().open();
    other.answer(SetExtranoncePrefix, { channel_id, extranonce_prefix: fromHex("ddeeff") });
    for (const each of [conversation, other]) {
      each.job(11, 1);
      each.tip(11, 1);
    }
    expect(other.client.nextUnit()).toEqual(conversation.client.nextUnit());
  });

  it.each([
    ["its setup is answered", () => conversation.client.begin()],
    ["its channel is open", () => conversation.setUp()],
    ["its channel is closed", () => conversation.open()],
  ])("tells of a Reconnect that comes before %s", (_, begin) => {
    begin();
    const message = { new_host: "pool-b.example", new_port: 3335 };
    conversation.answer(Reconnect, message);
    expect(conversation.events.at(-1)).toEqual(["reconnect", message]);
  });

  it("follows its channel into another group, and stays when others go", () => {
    conversation.open();
    conversation.answer(SetGroupChannel, { group_channel_id: 20, channel_ids: [10, 13] });
    conversation.job(12, 1);
    conversation.tip(12, 1);
    expect(conversation.client.nextUnit()?.jobId).toBe(1);
    conversation.answer(SetGroupChannel, { group_channel_id: 21, channel_ids: [10, 11] });
    conversation.job(12, 2, 1001);
    conversation.job(20, 3, 1001);
    expect(conversation.client.nextUnit()?.jobId).toBe(1);
    conversation.job(21, 4, 1001);
    expect(conversation.client.nextUnit()?.jobId).toBe(4);
  });

  it("counts no answers to another channel's shares", () => {
    conversation.open();
    const events = conversation.events.length;
    const success = { last_sequence_number: 8, new_submits_accepted_count: 3, new_shares_sum: 900n };
    conversation.answer(SubmitSharesSuccess, { channel_id: 13, ...success });
    conversation.answer(SubmitSharesError, { channel_id: 13, sequence_number: 9, error_code: "stale-share" });
    expect(conversation.events.length).toBe(events);
  });
});
