import { describe, expect, it } from "vitest";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { MAX_UNKNOWN_PAYLOAD_BYTES, payloadLimit } from "../../src/wire/payload-limit.ts";

describe("a frame's length", () => {
  const header = (msgType: number, length: number, extension = 0): Uint8Array =>
    new Uint8Array([extension & 255, extension >> 8, msgType, length & 255, (length >> 8) & 255, length >> 16]);
  const ignore = (): void => undefined;

  it.each([
    ["SetupConnection", 0x00, 1291],
    ["OpenStandardMiningChannel", 0x10, 4 + 256 + 4 + 32 + 255],
    ["OpenExtendedMiningChannel", 0x13, 4 + 256 + 4 + 32 + 2 + 255],
    ["SubmitSharesStandard", 0x1a, 24 + 255],
    ["SubmitSharesExtended", 0x1b, 24 + 33 + 255],
    ["UpdateChannel", 0x16, 40 + 255],
    ["CloseChannel", 0x18, 4 + 256 + 255],
    ["ChannelEndpointChanged", 0x03, 4 + 255],
    ["SetCustomMiningJob", 0x22, 4 + 4 + 256 + 4 + 32 + 4 + 4 + 4 + 256 + 4 + 65_537 + 4 + (1 + 255 * 32) + 255],
    ["an unknown message", 0x7e, MAX_UNKNOWN_PAYLOAD_BYTES],
    ["a message that only a server sends", 0x1f, MAX_UNKNOWN_PAYLOAD_BYTES],
  ])("of %s is checked for a server before anything is buffered", (_name, msgType, limit) => {
    expect(payloadLimit({ extensionType: 0, msgType }, "server")).toBe(limit);
    new FrameSplitter("server").push(header(msgType, limit), ignore);
    expect(() => new FrameSplitter("server").push(header(msgType, limit + 1), ignore)).toThrow(
      /longer than its message/,
    );
    const late = new FrameSplitter("server");
    late.push(header(msgType, limit + 1).slice(0, 3), ignore);
    expect(() => late.push(header(msgType, limit + 1).slice(3), ignore)).toThrow(/longer than its message/);
  });

  it.each([
    ["SetupConnection.Success", 0x01, 6 + 255],
    ["SetupConnection.Error", 0x02, 4 + 256 + 255],
    ["ChannelEndpointChanged", 0x03, 4 + 255],
    ["Reconnect", 0x04, 256 + 2 + 255],
    ["OpenStandardMiningChannel.Success", 0x11, 4 + 4 + 32 + 33 + 4 + 255],
    ["OpenMiningChannel.Error", 0x12, 4 + 256 + 255],
    ["OpenExtendedMiningChannel.Success", 0x14, 4 + 4 + 32 + 2 + 33 + 4 + 255],
    ["NewMiningJob", 0x15, 4 + 4 + 5 + 4 + 32 + 255],
    ["UpdateChannel.Error", 0x17, 4 + 256 + 255],
    ["CloseChannel", 0x18, 4 + 256 + 255],
    ["SetExtranoncePrefix", 0x19, 4 + 33 + 255],
    ["SubmitShares.Success", 0x1c, 20 + 255],
    ["SubmitShares.Error", 0x1d, 4 + 4 + 256 + 255],
    ["NewExtendedMiningJob", 0x1f, 4 + 4 + 5 + 4 + 1 + (1 + 255 * 32) + 2 * 65_537 + 255],
    ["SetNewPrevHash", 0x20, 4 + 4 + 32 + 4 + 4 + 255],
    ["SetTarget", 0x21, 4 + 32 + 255],
    ["SetCustomMiningJob.Success", 0x23, 12 + 255],
    ["SetCustomMiningJob.Error", 0x24, 4 + 4 + 256 + 255],
    ["SetGroupChannel", 0x25, 4 + 2 + 4 * 65_535 + 255],
    ["an unknown message", 0x7e, MAX_UNKNOWN_PAYLOAD_BYTES],
    ["a message that only a client sends", 0x1a, MAX_UNKNOWN_PAYLOAD_BYTES],
  ])("of %s is bounded for a client", (_name, msgType, limit) => {
    expect(payloadLimit({ extensionType: 0, msgType }, "client")).toBe(limit);
    new FrameSplitter("client").push(header(msgType, limit), ignore);
    expect(() => new FrameSplitter("client").push(header(msgType, limit + 1), ignore)).toThrow(
      /longer than its message/,
    );
  });

  it("of RequestExtensions is that of 256 extensions, checked before anything is buffered", () => {
    const limit = 2 + 2 + 2 * 256 + 255;
    expect(payloadLimit({ extensionType: 1, msgType: 0x00 }, "server")).toBe(limit);
    new FrameSplitter("server").push(header(0x00, limit, 1), ignore);
    expect(() => new FrameSplitter("server").push(header(0x00, limit + 1, 1), ignore)).toThrow(
      /longer than its message/,
    );
  });

  it("of an extension's message is bounded like that of any unknown one", () => {
    for (const msgType of [0x01, 0x02, 0x1a]) {
      expect(payloadLimit({ extensionType: 1, msgType }, "server")).toBe(MAX_UNKNOWN_PAYLOAD_BYTES);
    }
    expect(payloadLimit({ extensionType: 5, msgType: 0x00 }, "server")).toBe(MAX_UNKNOWN_PAYLOAD_BYTES);
    const length = MAX_UNKNOWN_PAYLOAD_BYTES;
    new FrameSplitter("server").push(header(0x1a, length, 5), ignore);
    expect(() => new FrameSplitter("server").push(header(0x1a, length + 1, 5), ignore)).toThrow(
      /longer than its message/,
    );
  });

  it("says what was too long", () => {
    let error: unknown;
    try {
      new FrameSplitter("server").push(header(0x1a, 280), ignore);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: "frame-too-long",
      disposition: { kind: "disconnect" },
      details: { extensionType: 0, msgType: 0x1a, length: 280, limit: 279 },
    });
  });
});
