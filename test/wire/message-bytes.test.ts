import { describe, expect, it } from "vitest";
import { ByteReader } from "../../src/core/byte-reader.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import * as channel from "../../src/wire/channel-messages.ts";
import * as common from "../../src/wire/common-messages.ts";
import * as extension from "../../src/wire/extension-messages.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../../src/wire/frame.ts";
import * as job from "../../src/wire/job-messages.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";
import * as share from "../../src/wire/share-messages.ts";

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
    [
      "RequestExtensions",
      extension.RequestExtensions,
      { request_id: 7, requested_extensions: [2, 0x4055] },
      "010000080000070002000200" + "5540",
    ],
    [
      "RequestExtensions.Success",
      extension.RequestExtensionsSuccess,
      { request_id: 7, supported_extensions: [2] },
      "010001060000070001000200",
    ],
    [
      "RequestExtensions.Error",
      extension.RequestExtensionsError,
      { request_id: 7, unsupported_extensions: [3, 4], required_extensions: [5] },
      "0100020c00000700020003000400" + "01000500",
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

  it("refuses more extensions than one message may name, where a frame with TLVs has room for them", () => {
    const request = encodeFrame(extension.RequestExtensions, {
      request_id: 1,
      requested_extensions: new Array<number>(256).fill(2),
    }).subarray(FRAME_HEADER_BYTES);
    expect(extension.RequestExtensions.read(new ByteReader(request)).requested_extensions).toHaveLength(256);
    const longer = new Uint8Array([...request, 2, 0]);
    longer.set([1, 1], 2);
    expect(() => extension.RequestExtensions.read(new ByteReader(longer))).toThrow(/longer than its field allows/);
  });
});
