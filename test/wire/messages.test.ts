import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../../src/core/byte-reader.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { AditError } from "../../src/core/errors.ts";
import { definitionOf } from "../../src/wire/all-messages.ts";
import * as channel from "../../src/wire/channel-messages.ts";
import * as common from "../../src/wire/common-messages.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../../src/wire/frame.ts";
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

describe.each(MESSAGES)("$name", (definition, fields, msgType, channelMsg) => {
  const messages = fc.record(fields);

  it("has the number and the channel_msg bit of the specification's table", () => {
    const frame = encodeFrame(definition, fc.sample(messages, { numRuns: 1, seed: 1 })[0]);
    expect(frame[2]).toBe(msgType);
    expect(definitionOf({ extensionType: 0, msgType })).toBe(definition);
    expect(definitionOf({ extensionType: 1, msgType })).toBeUndefined();
    expect([frame[0], frame[1]]).toEqual([0, channelMsg ? 0x80 : 0]);
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
      const receiver =
        payloadLimit({ extensionType: 0, msgType }, "server") > definition.maxBytes ? "server" : "client";
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

describe("bytes of messages, written by hand from the specification's tables", () => {
  it.each([
    [
      "SetupConnection.Success",
      common.SetupConnectionSuccess,
      { used_version: 2, flags: 5 },
      "000001060000020005000000",
    ],
    [
      "OpenStandardMiningChannel",
      channel.OpenStandardMiningChannel,
      {
        request_id: 10,
        user_identity: new TextEncoder().encode("ab"),
        nominal_hash_rate: 1,
        max_target: new Uint8Array(32).fill(0xff),
      },
      `0000102b00000a0000000261620000803f${"ff".repeat(32)}`,
    ],
    [
      "NewMiningJob without min_ntime",
      job.NewMiningJob,
      { channel_id: 1, job_id: 2, min_ntime: undefined, version: 0x20000000, merkle_root: new Uint8Array(32).fill(7) },
      `0080152d0000010000000200000000${"00000020"}${"07".repeat(32)}`,
    ],
    [
      "NewMiningJob with min_ntime",
      job.NewMiningJob,
      { channel_id: 1, job_id: 2, min_ntime: 0x01020304, version: 0x20000000, merkle_root: new Uint8Array(32).fill(7) },
      `008015310000010000000200000001${"04030201"}${"00000020"}${"07".repeat(32)}`,
    ],
    [
      "SubmitSharesExtended",
      share.SubmitSharesExtended,
      {
        channel_id: 1,
        sequence_number: 2,
        job_id: 3,
        nonce: 4,
        ntime: 5,
        version: 6,
        extranonce: new Uint8Array([0xaa, 0xbb]),
      },
      "00801b1b000001000000020000000300000004000000050000000600000002aabb",
    ],
    [
      "SubmitShares.Success",
      share.SubmitSharesSuccess,
      { channel_id: 1, last_sequence_number: 2, new_submits_accepted_count: 3, new_shares_sum: 4n },
      "00801c140000010000000200000003000000" + "0400000000000000",
    ],
  ] as const)("%s", (_name, definition, message, hex) => {
    // biome-ignore lint/suspicious/noExplicitAny: one table for messages of all types
    expect(toHex(encodeFrame(definition as MessageDefinition<any>, message))).toBe(hex);
    const header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
    readFrameHeader(fromHex(hex), 0, header);
    expect(header.length).toBe(hex.length / 2 - FRAME_HEADER_BYTES);
  });

  it("ignores the high bits of a BOOL", () => {
    const bytes = encodeFrame(job.NewExtendedMiningJob, {
      channel_id: 1,
      job_id: 1,
      min_ntime: undefined,
      version: 0,
      version_rolling_allowed: false,
      merkle_path: [],
      coinbase_tx_prefix: new Uint8Array(0),
      coinbase_tx_suffix: new Uint8Array(0),
    });
    bytes[FRAME_HEADER_BYTES + 13] = 0xfe;
    expect(job.NewExtendedMiningJob.read(new ByteReader(bytes.subarray(6))).version_rolling_allowed).toBe(false);
    bytes[FRAME_HEADER_BYTES + 13] = 0xff;
    expect(job.NewExtendedMiningJob.read(new ByteReader(bytes.subarray(6))).version_rolling_allowed).toBe(true);
  });
});
