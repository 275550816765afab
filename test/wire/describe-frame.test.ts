import { describe, expect, it } from "vitest";
import * as channel from "../../src/wire/channel-messages.ts";
import * as common from "../../src/wire/common-messages.ts";
import {
  describeFrame,
  type FrameDescription,
  MAX_SHOWN_BYTES,
  MAX_SHOWN_ELEMENTS,
} from "../../src/wire/describe-frame.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../../src/wire/frame.ts";
import * as job from "../../src/wire/job-messages.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";
import * as share from "../../src/wire/share-messages.ts";

const header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };

function described(frame: Uint8Array): FrameDescription {
  readFrameHeader(frame, 0, header);
  return describeFrame(header, frame.subarray(FRAME_HEADER_BYTES));
}

function shown<T>(definition: MessageDefinition<T>, message: T): FrameDescription {
  return described(encodeFrame(definition, message));
}

/** 00 01 02 … 1f: as bytes, and as the digits of the integer that they are. */
const COUNTING = Uint8Array.from({ length: 32 }, (_, index) => index);
const COUNTED_DOWN = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";

const JOB: job.NewExtendedMiningJob = {
  channel_id: 2,
  job_id: 9,
  min_ntime: undefined,
  version: 0x20000000,
  version_rolling_allowed: true,
  merkle_path: [],
  coinbase_tx_prefix: new Uint8Array(0),
  coinbase_tx_suffix: new Uint8Array(0),
};

describe("a frame is shown", () => {
  it("with its message's name and number, its bit, its length, and its fields as the specification has them", () => {
    const message = { channel_id: 2, job_id: 9, prev_hash: COUNTING, min_ntime: 1_700_000_000, nbits: 0x1d00ffff };
    expect(shown(job.SetNewPrevHash, message)).toEqual({
      message: "SetNewPrevHash",
      extensionType: 0,
      msgType: 0x20,
      channelMsg: true,
      bytes: 48,
      fields: {
        channel_id: 2,
        job_id: 9,
        prev_hash_display: COUNTED_DOWN,
        min_ntime: 1_700_000_000,
        nbits: 0x1d00ffff,
      },
    });
  });

  it("with integers of 64 bits as text, bytes in hexadecimal in their order, and an empty option as null", () => {
    const sum = {
      channel_id: 1,
      last_sequence_number: 2,
      new_submits_accepted_count: 3,
      new_shares_sum: 2n ** 64n - 1n,
    };
    expect(shown(share.SubmitSharesSuccess, sum).fields?.new_shares_sum).toBe("18446744073709551615");
    const prefix = { channel_id: 1, extranonce_prefix: COUNTING.subarray(0, 4) };
    expect(shown(channel.SetExtranoncePrefix, prefix).fields?.extranonce_prefix).toBe("00010203");
    expect(shown(job.NewExtendedMiningJob, JOB).fields?.min_ntime).toBeNull();
  });

  it("with a run of 32 bytes that is no integer in its own order", () => {
    const prefix = { channel_id: 1, extranonce_prefix: COUNTING };
    expect(shown(channel.SetExtranoncePrefix, prefix).fields?.extranonce_prefix).toMatch(/^000102/);
  });

  it("with the hashes of a merkle path in display order too", () => {
    expect(shown(job.NewExtendedMiningJob, { ...JOB, merkle_path: [COUNTING] }).fields).toMatchObject({
      merkle_path_display: [COUNTED_DOWN],
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("with %d, which JSON does not have, as text", (nominal_hash_rate) => {
    const { fields } = shown(channel.UpdateChannel, { channel_id: 1, nominal_hash_rate, maximum_target: COUNTING });
    expect(JSON.parse(JSON.stringify(fields)).nominal_hash_rate).toBe(String(nominal_hash_rate));
  });

  it("with what follows its fields", () => {
    const frame = encodeFrame(common.SetupConnectionSuccess, { used_version: 2, flags: 0 });
    const longer = new Uint8Array([...frame, 0xab, 0xcd]);
    longer[3] = 8;
    expect(described(longer)).toMatchObject({ bytes: 8, fields: { used_version: 2, flags: 0 }, tlvs: "abcd" });
  });

  it.each([
    ["as its first bytes and its length where a field is too long", MAX_SHOWN_BYTES + 1],
    ["whole at the longest length that is shown", MAX_SHOWN_BYTES],
  ])("%s", (_what, bytes) => {
    const { fields } = shown(job.NewExtendedMiningJob, {
      ...JOB,
      coinbase_tx_suffix: new Uint8Array(bytes).fill(0x5a),
    });
    const digits = "5a".repeat(MAX_SHOWN_BYTES);
    expect(fields?.coinbase_tx_suffix).toEqual(bytes > MAX_SHOWN_BYTES ? { first: digits, bytes } : digits);
  });

  it("with the first elements of a sequence, and how many there are", () => {
    const ids = Array.from({ length: MAX_SHOWN_ELEMENTS + 1 }, (_, index) => index);
    const of = (channel_ids: number[]): unknown =>
      shown(channel.SetGroupChannel, { group_channel_id: 1, channel_ids }).fields?.channel_ids;
    expect(of(ids.slice(1))).toEqual(ids.slice(1));
    expect(of(ids)).toEqual({ first: ids.slice(0, -1), elements: MAX_SHOWN_ELEMENTS + 1 });
  });

  it.each([
    ["an unknown number", [0, 0, 0x7e, 2, 0, 0, 0xab, 0xcd], { message: "unknown", msgType: 0x7e, hex: "abcd" }],
    [
      "an extension",
      [5, 0x80, 0x00, 1, 0, 0, 0xab],
      { message: "unknown", extensionType: 5, channelMsg: true, hex: "ab" },
    ],
    [
      "a field that reaches past the end",
      [0, 0, 0x10, 6, 0, 0, 1, 0, 0, 0, 9, 9],
      { message: "OpenStandardMiningChannel", error: "the data ends inside a field", hex: "010000000909" },
    ],
  ])("as its bytes, of %s", (_what, bytes, expected) => {
    const description = described(new Uint8Array(bytes));
    expect(description).toMatchObject(expected);
    expect(description).not.toHaveProperty("fields");
  });
});
