import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { SetGroupChannel } from "../../src/wire/channel-messages.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../../src/wire/frame.ts";
import { NewExtendedMiningJob, SetTarget } from "../../src/wire/job-messages.ts";

function headerOf(bytes: Uint8Array, offset = 0): FrameHeader {
  const header: FrameHeader = { extensionType: 9, channelMsg: true, msgType: 9, length: 9 };
  readFrameHeader(bytes, offset, header);
  return header;
}

describe("a frame's header", () => {
  it.each([
    ["000000000000", { extensionType: 0, channelMsg: false, msgType: 0, length: 0 }],
    ["008021240000", { extensionType: 0, channelMsg: true, msgType: 0x21, length: 36 }],
    ["ffff01030201", { extensionType: 0x7fff, channelMsg: true, msgType: 1, length: 0x010203 }],
    ["0240ffffffff", { extensionType: 0x4002, channelMsg: false, msgType: 0xff, length: 0xffffff }],
  ])("%s is read as %j", (hex, wanted) => {
    expect(headerOf(Uint8Array.from(Buffer.from(hex, "hex")))).toEqual(wanted);
  });

  it("is read wherever it stands, and says of any bytes what little-endian fields say", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 40 }), fc.nat({ max: 6 }), (bytes, offset) => {
        const view = Buffer.from(bytes);
        expect(headerOf(bytes, offset)).toEqual({
          extensionType: view.readUInt16LE(offset) % 0x8000,
          channelMsg: view.readUInt16LE(offset) >= 0x8000,
          msgType: view.readUInt8(offset + 2),
          length: view.readUIntLE(offset + 3, 3),
        });
      }),
    );
  });
});

describe("a whole frame", () => {
  it("is header and payload, the length that of the payload", () => {
    const frame = encodeFrame(SetTarget, { channel_id: 0x01020304, maximum_target: new Uint8Array(32).fill(0xab) });
    expect(toHex(frame)).toBe(`008021240000${"04030201"}${"ab".repeat(32)}`);
  });

  it("may be longer than 64 KiB", () => {
    const message = {
      channel_id: 1,
      job_id: 1,
      min_ntime: undefined,
      version: 0,
      version_rolling_allowed: true,
      merkle_path: [],
      coinbase_tx_prefix: new Uint8Array(65_535).fill(1),
      coinbase_tx_suffix: new Uint8Array(65_535).fill(2),
    };
    const frame = encodeFrame(NewExtendedMiningJob, message);
    expect(headerOf(frame).length).toBe(frame.length - FRAME_HEADER_BYTES);
    expect(frame.at(-1)).toBe(2);
    expect(frame.length).toBe(6 + 4 + 4 + 1 + 4 + 1 + 1 + 2 * 65_537);
  });

  it("has the channel_msg bit as its message has it", () => {
    expect(headerOf(encodeFrame(SetGroupChannel, { group_channel_id: 1, channel_ids: [] })).channelMsg).toBe(false);
  });
});
