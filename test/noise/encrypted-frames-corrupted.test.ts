import { describe, expect, it } from "vitest";
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { EncryptedFrameReader, EncryptedFrameSealer } from "../../src/noise/encrypted-frames.ts";
import { cipherWith, flipped, frameBytes, pushAll, refusal, type SeenFrame } from "./noise-fixture.ts";

const KEY = fromHex("e7".repeat(32));
const SHARE: SeenFrame = { extensionType: 0, channelMsg: true, msgType: 0x1a, payload: fromHex("0a".repeat(24)) };
const NEXT: SeenFrame = { extensionType: 3, channelMsg: false, msgType: 0x42, payload: fromHex("0102") };

const newReader = (): EncryptedFrameReader => new EncryptedFrameReader(cipherWith(KEY), "client");

/** Sealed bytes of each frame, in order. */
function sealed(...frames: readonly SeenFrame[]): Uint8Array[] {
  const sealer = new EncryptedFrameSealer(cipherWith(KEY));
  return frames.map((frame) => sealer.seal(frameBytes(frame)));
}

describe("a frame that was changed on its way", () => {
  const [share = fromHex(""), next = fromHex("")] = sealed(SHARE, NEXT);

  it("is not delivered with any one bit of any byte turned", () => {
    for (let index = 0; index < share.length; index += 1) {
      const seen: SeenFrame[] = [];
      refusal(() => seen.push(...pushAll(newReader(), [flipped(share, index), next])), "bad-mac");
      expect(seen).toEqual([]);
    }
  });

  it("is refused with its header, before its payload is here, when the header was changed", () => {
    refusal(() => pushAll(newReader(), [flipped(share.subarray(0, 22), 0)]), "bad-mac");
    refusal(() => pushAll(newReader(), [flipped(share.subarray(0, 22), 21)]), "bad-mac");
  });

  it("does not advance the nonce: the true header and the true payload are taken after it", () => {
    const header = share.subarray(0, 22);
    const payload = share.subarray(22);
    const reader = newReader();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      refusal(() => pushAll(reader, [flipped(header, 5)]), "bad-mac");
      refusal(() => pushAll(reader, [header.subarray(0, 7), flipped(header.subarray(7), 0)]), "bad-mac");
    }
    expect(pushAll(reader, [header])).toEqual([]);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      refusal(() => pushAll(reader, [flipped(payload, 23)]), "bad-mac");
      refusal(() => pushAll(reader, [payload.subarray(0, 7), flipped(payload.subarray(7), 32)]), "bad-mac");
    }
    expect(pushAll(reader, [payload, next])).toEqual([SHARE, NEXT]);
  });

  it("is not delivered where the frames before it in the same push are", () => {
    const seen: SeenFrame[] = [];
    const run = concatBytes(share, flipped(next, 23));
    refusal(() => newReader().push(run, (_, payload) => seen.push({ ...SHARE, payload: payload.slice() })), "bad-mac");
    expect(seen).toEqual([SHARE]);
  });

  it("is refused when it comes again, out of order, or after one that was left out", () => {
    refusal(() => pushAll(newReader(), [share, share]), "bad-mac");
    refusal(() => pushAll(newReader(), [next, share]), "bad-mac");
    const [, , third = fromHex("")] = sealed(SHARE, NEXT, SHARE);
    refusal(() => pushAll(newReader(), [share, third]), "bad-mac");
  });

  it("is refused with another frame's payload", () => {
    const [first = fromHex(""), second = fromHex("")] = sealed(SHARE, SHARE);
    refusal(() => pushAll(newReader(), [first.subarray(0, 22), second.subarray(22)]), "bad-mac");
  });

  it("is refused under another key", () => {
    const reader = new EncryptedFrameReader(cipherWith(flipped(KEY, 0)), "client");
    refusal(() => pushAll(reader, [share]), "bad-mac");
  });
});

describe("a payload of three chunks", () => {
  const payload = new Uint8Array(131_039).fill(0x3c);
  const [bytes = fromHex("")] = sealed({ extensionType: 0, channelMsg: false, msgType: 0x25, payload });
  const full = 65_535;

  it("comes back when nothing was changed", () => {
    expect(pushAll(newReader(), [bytes])[0]?.payload.length).toBe(131_039);
  });

  it.each([
    ["the first chunk's text", 22],
    ["the first chunk's MAC", 22 + full - 1],
    ["the second chunk's text", 22 + full],
    ["the second chunk's MAC", 22 + 2 * full - 1],
    ["the last chunk's text", 22 + 2 * full],
    ["the last chunk's MAC", 22 + 2 * full + 16],
  ])("is not delivered with a bit of %s turned", (_, index) => {
    const seen: SeenFrame[] = [];
    refusal(() => seen.push(...pushAll(newReader(), [flipped(bytes, index)])), "bad-mac");
    expect(seen).toEqual([]);
  });

  it("is not delivered with its first two chunks in the other order", () => {
    const swapped = concatBytes(
      bytes.subarray(0, 22),
      bytes.subarray(22 + full, 22 + 2 * full),
      bytes.subarray(22, 22 + full),
      bytes.subarray(22 + 2 * full),
    );
    refusal(() => pushAll(newReader(), [swapped]), "bad-mac");
  });
});
