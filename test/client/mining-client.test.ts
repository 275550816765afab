import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { NewExtendedMiningJob, NewMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import {
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesStandard,
  SubmitSharesSuccess,
} from "../../src/wire/share-messages.ts";
import { Conversation, extendedJob, TARGET } from "./mining-conversation.ts";

let conversation: Conversation;
beforeEach(() => {
  conversation = new Conversation();
});

describe("A mining client", () => {
  it("begins with SetupConnection, for mining, with version 2 alone", () => {
    conversation.client.begin();
    expect(conversation.last(SetupConnection)).toMatchObject({
      protocol: 0,
      min_version: 2,
      max_version: 2,
      flags: 0,
      endpoint_host: "pool.example",
      endpoint_port: 3334,
      vendor: "adit",
    });
  });

  it("asks for standard jobs where its channel is a standard one", () => {
    const standard = new Conversation("standard");
    standard.client.begin();
    expect(standard.last(SetupConnection).flags).toBe(1);
  });

  it("opens its channel once it was set up, with its name, its hashrate and any target", () => {
    conversation.setUp();
    const open = conversation.last(OpenExtendedMiningChannel);
    expect(new TextDecoder().decode(open.user_identity)).toBe("alice.cpu");
    expect(open).toMatchObject({ nominal_hash_rate: 7e6, max_target: new Uint8Array(32).fill(0xff) });
    const standard = new Conversation("standard").setUp();
    expect(standard.last(OpenStandardMiningChannel).nominal_hash_rate).toBe(7e6);
  });

  it("works on jobs for its channel and for its group, and on no other's", () => {
    conversation.open();
    conversation.job(11, 1);
    conversation.tip(11, 1);
    expect(conversation.client.nextUnit()?.jobId).toBe(1);
    conversation.job(12, 2, 1001);
    expect(conversation.client.nextUnit()?.jobId).toBe(2);
    conversation.job(13, 3, 1002);
    conversation.tip(13, 3);
    expect(conversation.client.nextUnit()?.jobId).toBe(2);
    expect(conversation.events).toEqual([["open", 11, "aabbcc"], ["work"], ["work"]]);
  });

  it("tells of each extended job when it comes, with the bytes between the parts of its coinbase", () => {
    conversation.open();
    conversation.job(11, 1);
    conversation.job(12, 2, 1001);
    conversation.job(13, 3, 1002);
    expect(conversation.jobs).toEqual([
      [1, 8],
      [2, 8],
    ]);
  });

  it("stops its work on the old tip also where the new tip's job never came", () => {
    conversation.open();
    conversation.job(11, 1);
    conversation.tip(11, 1);
    conversation.tip(11, 7);
    expect(conversation.client.nextUnit()).toBeUndefined();
    expect(conversation.events.at(-1)).toEqual(["work"]);
  });

  it("submits extended shares with the rolled extranonce alone, numbered from 1", () => {
    conversation.open();
    conversation.job(11, 1);
    conversation.tip(11, 1);
    const unit = conversation.client.nextUnit();
    if (unit === undefined) throw new Error("there is no unit");
    expect([conversation.client.submit(unit, 77), conversation.client.submit(unit, 78)]).toEqual([1, 2]);
    const share = conversation.last(SubmitSharesExtended);
    expect(share).toMatchObject({ channel_id: 11, sequence_number: 2, job_id: 1, nonce: 78, ntime: 1000 });
    expect(share.version).toBe(unit.version);
    expect(toHex(share.extranonce)).toBe("0000000001");
  });

  it("mines standard jobs, and keeps a version that the pool has fixed", () => {
    const standard = new Conversation("standard").setUp(1);
    const opened = { request_id: 1, channel_id: 3, target: TARGET, extranonce_prefix: fromHex("aa") };
    standard.answer(OpenStandardMiningChannelSuccess, { ...opened, group_channel_id: 4 });
    const job = { channel_id: 3, job_id: 9, version: 0x20000000, merkle_root: new Uint8Array(32) };
    standard.answer(NewMiningJob, { ...job, min_ntime: undefined });
    standard.tip(3, 9);
    const unit = standard.client.nextUnit();
    if (unit === undefined) throw new Error("there is no unit");
    standard.client.submit(unit, 5);
    expect(standard.last(SubmitSharesStandard)).toEqual({
      channel_id: 3,
      sequence_number: 1,
      job_id: 9,
      nonce: 5,
      ntime: 1000,
      version: 0x20000000,
    });
  });

  it("hands on targets, acknowledgements and refusals", () => {
    conversation.open();
    conversation.answer(SetTarget, { channel_id: 11, maximum_target: new Uint8Array(32).fill(0x12) });
    conversation.answer(SetTarget, { channel_id: 99, maximum_target: new Uint8Array(32).fill(0x34) });
    const success = { channel_id: 11, last_sequence_number: 8, new_submits_accepted_count: 3, new_shares_sum: 900n };
    conversation.answer(SubmitSharesSuccess, success);
    conversation.answer(SubmitSharesError, { channel_id: 11, sequence_number: 9, error_code: "stale-share" });
    expect(conversation.events.slice(1)).toEqual([
      ["target", "12".repeat(32)],
      ["accepted", { shares: 3, difficulty: 900n, lastSequenceNumber: 8 }],
      ["rejected", { sequenceNumber: 9, errorCode: "stale-share" }],
    ]);
  });

  it("takes a target that its group is given for its own, and no other's", () => {
    conversation.open();
    const [own, others] = [new Uint8Array(32).fill(0x12), new Uint8Array(32).fill(0x34)];
    conversation.answer(SetTarget, { channel_id: 12, maximum_target: own });
    conversation.answer(SetTarget, { channel_id: 13, maximum_target: others });
    expect(conversation.events.slice(1)).toEqual([["target", toHex(own)]]);
    conversation.job(12, 1);
    conversation.tip(12, 1);
    expect(conversation.client.nextUnit()?.target).toEqual(own);
  });

  it("stops when the pool closes its group, and not when it closes another", () => {
    conversation.open();
    conversation.job(12, 1);
    conversation.tip(12, 1);
    conversation.answer(CloseChannel, { channel_id: 13, reason_code: "maintenance" });
    expect(conversation.events.at(-1)).toEqual(["work"]);
    expect(conversation.client.nextUnit()?.jobId).toBe(1);
    conversation.answer(CloseChannel, { channel_id: 12, reason_code: "maintenance" });
    expect(conversation.events.at(-1)).toEqual(["closed", "maintenance"]);
    expect(conversation.client.nextUnit()).toBeUndefined();
  });

  it("stops when the pool closes its channel, and says goodbye when it ends itself", () => {
    conversation.open();
    conversation.job(11, 1);
    conversation.tip(11, 1);
    conversation.answer(CloseChannel, { channel_id: 11, reason_code: "maintenance" });
    expect(conversation.events.at(-1)).toEqual(["closed", "maintenance"]);
    expect(conversation.client.nextUnit()).toBeUndefined();
    const leaving = new Conversation().open();
    leaving.client.close();
    expect(leaving.last(CloseChannel)).toEqual({ channel_id: 11, reason_code: "client-stopped" });
    const frames = leaving.sent.length;
    leaving.client.close();
    expect(leaving.sent.length).toBe(frames);
  });

  it.each(["Uint8Array", "Buffer"] as const)(
    "keeps its jobs whole when the transport uses its buffer, a %s, again",
    (kind) => {
      const untouched = new Conversation().open();
      untouched.job(11, 1);
      untouched.tip(11, 1);
      conversation.open();
      const job = encodeFrame(NewExtendedMiningJob, extendedJob(11, 1));
      const frame = kind === "Buffer" ? Buffer.from(job) : job;
      new FrameSplitter("client").push(frame, (header, payload) => conversation.client.receive(header, payload));
      frame.fill(0xff);
      conversation.tip(11, 1);
      expect(conversation.client.nextUnit()).toEqual(untouched.client.nextUnit());
    },
  );
});
