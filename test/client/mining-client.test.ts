import { beforeEach, describe, expect, it } from "vitest";
import { MiningClient, type MiningClientOptions } from "../../src/client/mining-client.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { SetupConnection, SetupConnectionError, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame, type FrameHeader } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash, SetTarget } from "../../src/wire/job-messages.ts";
import { decodeMessage, type MessageDefinition } from "../../src/wire/message.ts";
import {
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesStandard,
  SubmitSharesSuccess,
} from "../../src/wire/share-messages.ts";

const TARGET = new Uint8Array(32).fill(0xee);

class Conversation {
  readonly sent: { readonly header: FrameHeader; readonly payload: Uint8Array }[] = [];
  readonly events: unknown[] = [];
  readonly client: MiningClient;

  constructor(kind: MiningClientOptions["kind"] = "extended") {
    const fromClient = new FrameSplitter("server");
    this.client = new MiningClient(
      {
        kind,
        host: "pool.example",
        port: 3334,
        userIdentity: new TextEncoder().encode("alice.cpu"),
        nominalHashrate: 7e6,
        vendor: "adit",
        firmware: "test",
      },
      {
        send: (frame) =>
          fromClient.push(frame, (header, payload) =>
            this.sent.push({ header: { ...header }, payload: payload.slice() }),
          ),
        onOpen: (channel) => this.events.push(["open", channel.channelId, toHex(channel.extranoncePrefix)]),
        onWork: () => this.events.push(["work"]),
        onTarget: (target) => this.events.push(["target", toHex(target)]),
        onAccepted: (batch) => this.events.push(["accepted", batch]),
        onRejected: (share) => this.events.push(["rejected", share]),
        onClosed: (reason) => this.events.push(["closed", reason]),
      },
    );
  }

  answer<T>(definition: MessageDefinition<T>, message: T): void {
    new FrameSplitter("client").push(encodeFrame(definition, message), (header, payload) =>
      this.client.receive(header, payload),
    );
  }

  /** The last frame that the client sent, as that message. */
  last<T>(definition: MessageDefinition<T>): T {
    const frame = this.sent.at(-1);
    expect(frame?.header.msgType).toBe(definition.msgType);
    return decodeMessage(definition, frame?.payload ?? new Uint8Array(0)).message;
  }

  setUp(flags = 0): this {
    this.client.begin();
    this.answer(SetupConnectionSuccess, { used_version: 2, flags });
    return this;
  }

  open(): this {
    this.setUp();
    const common = { request_id: 1, channel_id: 11, target: TARGET, extranonce_prefix: fromHex("aabbcc") };
    this.answer(OpenExtendedMiningChannelSuccess, { ...common, extranonce_size: 5, group_channel_id: 12 });
    return this;
  }

  job(channelId: number, jobId: number, minNtime?: number): void {
    this.answer(NewExtendedMiningJob, {
      channel_id: channelId,
      job_id: jobId,
      min_ntime: minNtime,
      version: 0x20000000,
      version_rolling_allowed: true,
      merkle_path: [],
      coinbase_tx_prefix: fromHex("01"),
      coinbase_tx_suffix: fromHex("02"),
    });
  }

  tip(channelId: number, jobId: number): void {
    const fields = { prev_hash: new Uint8Array(32), min_ntime: 1000, nbits: 0x207fffff };
    this.answer(SetNewPrevHash, { channel_id: channelId, job_id: jobId, ...fields });
  }
}

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

  it("says why it was refused", () => {
    conversation.client.begin();
    const refusal = { flags: 0, error_code: "protocol-version-mismatch" };
    expect(() => conversation.answer(SetupConnectionError, refusal)).toThrow(
      expect.objectContaining({ code: "setup-refused", message: expect.stringContaining(refusal.error_code) }),
    );
    const opening = new Conversation().setUp();
    expect(() => opening.answer(OpenMiningChannelError, { request_id: 1, error_code: "unknown-user" })).toThrow(
      expect.objectContaining({ code: "open-refused", message: expect.stringContaining("unknown-user") }),
    );
  });

  it("takes a second answer to its setup, or a channel nobody asked for, as an error", () => {
    conversation.setUp();
    expect(() => conversation.answer(SetupConnectionSuccess, { used_version: 2, flags: 0 })).toThrow(
      expect.objectContaining({ code: "unexpected-message" }),
    );
    const opened = new Conversation().open();
    const again = { request_id: 1, channel_id: 99, target: TARGET, extranonce_prefix: fromHex("00") };
    expect(() => opened.answer(OpenStandardMiningChannelSuccess, { ...again, group_channel_id: 98 })).toThrow(
      expect.objectContaining({ code: "unexpected-message" }),
    );
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

  it("keeps its jobs whole when the transport uses its buffer again", () => {
    conversation.open();
    const frame = encodeFrame(NewExtendedMiningJob, {
      channel_id: 11,
      job_id: 1,
      min_ntime: undefined,
      version: 0x20000000,
      version_rolling_allowed: true,
      merkle_path: [],
      coinbase_tx_prefix: fromHex("0102030405"),
      coinbase_tx_suffix: fromHex("060708"),
    });
    new FrameSplitter("client").push(frame, (header, payload) => conversation.client.receive(header, payload));
    conversation.tip(11, 1);
    const before = toHex(conversation.client.nextUnit()?.header.subarray(36, 68) ?? new Uint8Array(0));
    frame.fill(0xff);
    const other = new Conversation().open();
    other.job(11, 1);
    // The same number of the unit, so the same extranonce, would give the same root but for the bytes of the coinbase.
    conversation.tip(11, 1);
    expect(before).toHaveLength(64);
  });

  it("overlooks messages of extensions and those it does not know", () => {
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
