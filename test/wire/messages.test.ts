import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { AditError } from "../../src/core/errors.ts";
import { definitionOf } from "../../src/wire/all-messages.ts";
import * as channel from "../../src/wire/channel-messages.ts";
import * as common from "../../src/wire/common-messages.ts";
import * as extension from "../../src/wire/extension-messages.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import * as job from "../../src/wire/job-messages.ts";
import { decodeMessage, MAX_TLV_BYTES, type MessageDefinition } from "../../src/wire/message.ts";
import { payloadLimit } from "../../src/wire/payload-limit.ts";
import * as share from "../../src/wire/share-messages.ts";

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const f32 = fc.float({ noNaN: true });
const text = fc.string({ maxLength: 60, unit: "grapheme" });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const upTo = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const open = { request_id: u32, user_identity: upTo(255), nominal_hash_rate: f32, max_target: hash };
const opened = { request_id: u32, channel_id: u32, target: hash, extranonce_prefix: upTo(32), group_channel_id: u32 };
const submit = { channel_id: u32, sequence_number: u32, job_id: u32, nonce: u32, ntime: u32, version: u32 };
const maybe = fc.option(u32, { nil: undefined });

// biome-ignore lint/suspicious/noExplicitAny: one table for messages of all types
type Row = readonly [MessageDefinition<any>, Record<string, fc.Arbitrary<unknown>>, number, boolean];

/** Number and channel_msg bit as the table in chapter 8 of the specification has them. */
const MESSAGES: readonly Row[] = [
  [
    common.SetupConnection,
    {
      protocol: u8,
      min_version: u16,
      max_version: u16,
      flags: u32,
      endpoint_host: text,
      endpoint_port: u16,
      vendor: text,
      hardware_version: text,
      firmware: text,
      device_id: text,
    },
    0x00,
    false,
  ],
  [common.SetupConnectionSuccess, { used_version: u16, flags: u32 }, 0x01, false],
  [common.SetupConnectionError, { flags: u32, error_code: text }, 0x02, false],
  [common.ChannelEndpointChanged, { channel_id: u32 }, 0x03, true],
  [common.Reconnect, { new_host: text, new_port: u16 }, 0x04, false],
  [channel.OpenStandardMiningChannel, open, 0x10, false],
  [channel.OpenStandardMiningChannelSuccess, opened, 0x11, false],
  [channel.OpenMiningChannelError, { request_id: u32, error_code: text }, 0x12, false],
  [channel.OpenExtendedMiningChannel, { ...open, min_extranonce_size: u16 }, 0x13, false],
  [channel.OpenExtendedMiningChannelSuccess, { ...opened, extranonce_size: u16 }, 0x14, false],
  [job.NewMiningJob, { channel_id: u32, job_id: u32, min_ntime: maybe, version: u32, merkle_root: hash }, 0x15, true],
  [channel.UpdateChannel, { channel_id: u32, nominal_hash_rate: f32, maximum_target: hash }, 0x16, true],
  [channel.UpdateChannelError, { channel_id: u32, error_code: text }, 0x17, true],
  [channel.CloseChannel, { channel_id: u32, reason_code: text }, 0x18, true],
  [channel.SetExtranoncePrefix, { channel_id: u32, extranonce_prefix: upTo(32) }, 0x19, true],
  [share.SubmitSharesStandard, submit, 0x1a, true],
  [share.SubmitSharesExtended, { ...submit, extranonce: upTo(32) }, 0x1b, true],
  [
    share.SubmitSharesSuccess,
    { channel_id: u32, last_sequence_number: u32, new_submits_accepted_count: u32, new_shares_sum: u64 },
    0x1c,
    true,
  ],
  [share.SubmitSharesError, { channel_id: u32, sequence_number: u32, error_code: text }, 0x1d, true],
  [
    job.NewExtendedMiningJob,
    {
      channel_id: u32,
      job_id: u32,
      min_ntime: maybe,
      version: u32,
      version_rolling_allowed: fc.boolean(),
      merkle_path: fc.array(hash, { maxLength: 14 }),
      coinbase_tx_prefix: upTo(200),
      coinbase_tx_suffix: upTo(200),
    },
    0x1f,
    true,
  ],
  [job.SetNewPrevHash, { channel_id: u32, job_id: u32, prev_hash: hash, min_ntime: u32, nbits: u32 }, 0x20, true],
  [job.SetTarget, { channel_id: u32, maximum_target: hash }, 0x21, true],
  [
    job.SetCustomMiningJob,
    {
      channel_id: u32,
      request_id: u32,
      mining_job_token: upTo(255),
      version: u32,
      prev_hash: hash,
      min_ntime: u32,
      nbits: u32,
      coinbase_tx_version: u32,
      coinbase_prefix: upTo(255),
      coinbase_tx_input_nSequence: u32,
      coinbase_tx_outputs: upTo(300),
      coinbase_tx_locktime: u32,
      merkle_path: fc.array(hash, { maxLength: 14 }),
    },
    0x22,
    true,
  ],
  [job.SetCustomMiningJobSuccess, { channel_id: u32, request_id: u32, job_id: u32 }, 0x23, true],
  [job.SetCustomMiningJobError, { channel_id: u32, request_id: u32, error_code: text }, 0x24, true],
  [channel.SetGroupChannel, { group_channel_id: u32, channel_ids: fc.array(u32, { maxLength: 50 }) }, 0x25, false],
];

const named = fc.array(u16, { maxLength: 50 });

/** The same by the tables of extension 0x0001. */
const EXTENSION_MESSAGES: readonly Row[] = [
  [extension.RequestExtensions, { request_id: u16, requested_extensions: named }, 0x00, false],
  [extension.RequestExtensionsSuccess, { request_id: u16, supported_extensions: named }, 0x01, false],
  [
    extension.RequestExtensionsError,
    { request_id: u16, unsupported_extensions: named, required_extensions: named },
    0x02,
    false,
  ],
];

const ALL = [
  ...MESSAGES.map((row) => [0x0000, ...row] as const),
  ...EXTENSION_MESSAGES.map((row) => [0x0001, ...row] as const),
];

describe("the messages that are tested here", () => {
  it("are all that there are", () => {
    const definitions = [common, channel, job, share, extension].flatMap((family) =>
      Object.values(family).filter((value) => typeof value === "object"),
    );
    expect(new Set(ALL.map(([, definition]) => definition))).toEqual(new Set(definitions));
    expect(ALL).toHaveLength(definitions.length);
  });
});

describe.each(ALL)("of extension %i, $1.name", (extensionType, definition, fields, msgType, channelMsg) => {
  const messages = fc.record(fields);

  it("has the number and the channel_msg bit of the specification's table", () => {
    const frame = encodeFrame(definition, fc.sample(messages, { numRuns: 1, seed: 1 })[0]);
    expect(frame[2]).toBe(msgType);
    expect(definitionOf({ extensionType, msgType })).toBe(definition);
    expect(definitionOf({ extensionType: 3, msgType })).toBeUndefined();
    expect([frame[0], frame[1]]).toEqual([extensionType, channelMsg ? 0x80 : 0]);
  });

  it("reads what it wrote, whatever stands in its fields", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const frame = encodeFrame(definition, message);
        const { message: read, tlvs } = decodeMessage(definition, frame.subarray(FRAME_HEADER_BYTES));
        expect(read).toEqual(message);
        expect(tlvs).toHaveLength(0);
        expect(frame.length - FRAME_HEADER_BYTES).toBeGreaterThanOrEqual(definition.minBytes);
        expect(frame.length - FRAME_HEADER_BYTES).toBeLessThanOrEqual(definition.maxBytes);
      }),
      { numRuns: 60 },
    );
  });

  it("is read the same wherever its frame is cut in two", () => {
    const frame = encodeFrame(definition, fc.sample(messages, { numRuns: 1, seed: 7 })[0]);
    for (let cut = 0; cut <= frame.length; cut += 1) {
      const receiver = payloadLimit({ extensionType, msgType }, "server") > definition.maxBytes ? "server" : "client";
      const splitter = new FrameSplitter(receiver);
      const found: string[] = [];
      const note = (header: FrameHeader, payload: Uint8Array): void => {
        found.push(`${header.msgType} ${header.channelMsg} ${toHex(payload)}`);
      };
      splitter.push(frame.slice(0, cut), note);
      splitter.push(frame.slice(cut), note);
      expect(found).toEqual([`${msgType} ${channelMsg} ${toHex(frame.subarray(FRAME_HEADER_BYTES))}`]);
    }
  });

  it("is refused where its payload ends too early, and never by another error than a protocol's", () => {
    const frame = encodeFrame(definition, fc.sample(messages, { numRuns: 1, seed: 3 })[0]);
    const payload = frame.subarray(FRAME_HEADER_BYTES);
    for (let length = 0; length < payload.length; length += 1) {
      expect(() => decodeMessage(definition, payload.subarray(0, length))).toThrow(AditError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decodeMessage(definition, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AditError);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("takes 255 bytes of TLVs behind its fields, and not one more", () => {
    const frame = encodeFrame(definition, fc.sample(messages, { numRuns: 1, seed: 5 })[0]);
    const payload = frame.subarray(FRAME_HEADER_BYTES);
    const withTlvs = (bytes: number): Uint8Array => new Uint8Array([...payload, ...new Uint8Array(bytes).fill(0xee)]);
    expect(decodeMessage(definition, withTlvs(MAX_TLV_BYTES)).tlvs).toHaveLength(MAX_TLV_BYTES);
    expect(() => decodeMessage(definition, withTlvs(MAX_TLV_BYTES + 1))).toThrow(/follows a message's fields/);
  });
});
