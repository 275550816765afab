import { describe, expect, it } from "vitest";
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { EncryptedFrameReader, EncryptedFrameSealer } from "../../src/noise/encrypted-frames.ts";
import { WireError } from "../../src/wire/errors.ts";
import type { Receiver } from "../../src/wire/payload-limit.ts";
import { cipherWith, frameBytes, pushAll, type SeenFrame } from "./noise-fixture.ts";

const KEY = fromHex("11".repeat(32));
const NEXT: SeenFrame = { extensionType: 3, channelMsg: false, msgType: 0x33, payload: fromHex("01") };

/** What the header announces; the payload's bytes do not matter. */
function frameOf(message: { readonly extensionType: number; readonly msgType: number }, bytes: number): SeenFrame {
  return { ...message, channelMsg: false, payload: new Uint8Array(bytes).fill(0x7e) };
}

/** The error of a frame that is too long: it ends the connection and says what was wrong. */
function tooLong(run: () => void): Readonly<Record<string, unknown>> {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(WireError);
  const error = thrown as WireError;
  expect(error.code).toBe("frame-too-long");
  expect(error.disposition).toEqual({ kind: "disconnect" });
  return error.details;
}

/** The fields' maximum and 255 bytes of TLVs, SV2's chapter 5; the two setup messages and the unknown ones. */
const LIMITS: readonly (readonly [string, Receiver, number, { extensionType: number; msgType: number }])[] = [
  ["SetupConnection", "server", 1_291, { extensionType: 0, msgType: 0x00 }],
  ["SetupConnection.Success", "client", 6 + 255, { extensionType: 0, msgType: 0x01 }],
  ["SubmitSharesStandard", "server", 24 + 255, { extensionType: 0, msgType: 0x1a }],
  ["SubmitSharesStandard, which no client is sent,", "client", 65_536, { extensionType: 0, msgType: 0x1a }],
  ["SubmitSharesExtended", "server", 24 + 33 + 255, { extensionType: 0, msgType: 0x1b }],
  ["SubmitShares.Success", "client", 20 + 255, { extensionType: 0, msgType: 0x1c }],
  ["SubmitShares.Success, which no server is sent,", "server", 65_536, { extensionType: 0, msgType: 0x1c }],
  ["SetGroupChannel", "client", 4 + 2 + 65_535 * 4 + 255, { extensionType: 0, msgType: 0x25 }],
  ["SetGroupChannel, which no server is sent,", "server", 65_536, { extensionType: 0, msgType: 0x25 }],
  ["an extension's message", "server", 65_536, { extensionType: 3, msgType: 0x00 }],
  ["an extension's message", "client", 65_536, { extensionType: 0x7fff, msgType: 0x25 }],
];

describe.each(LIMITS)("%s to a %s", (_, receiver, limit, message) => {
  const sealedOf = (frame: SeenFrame): { header: Uint8Array; rest: Uint8Array; next: Uint8Array } => {
    // After a refused header the sender's next nonce is 1: as if the frame had no payload.
    const sealed = new EncryptedFrameSealer(cipherWith(KEY)).seal(frameBytes(frame));
    const cipher = cipherWith(KEY);
    cipher.encrypt(new Uint8Array(6));
    const next = new EncryptedFrameSealer(cipher).seal(frameBytes(NEXT));
    return { header: sealed.subarray(0, 22), rest: sealed.subarray(22), next };
  };

  it(`may have ${limit} bytes of payload`, () => {
    const frame = frameOf(message, limit);
    const { header, rest } = sealedOf(frame);
    const [seen, ...others] = pushAll(new EncryptedFrameReader(cipherWith(KEY), receiver), [concatBytes(header, rest)]);
    expect(others).toEqual([]);
    expect(seen?.msgType).toBe(message.msgType);
    expect(Buffer.compare(seen?.payload ?? new Uint8Array(0), frame.payload)).toBe(0);
  });

  it("is refused with one byte more, as soon as the header is here, whole or in pieces", () => {
    const { header } = sealedOf(frameOf(message, limit + 1));
    const details = tooLong(() => pushAll(new EncryptedFrameReader(cipherWith(KEY), receiver), [header]));
    expect(details).toEqual({ ...message, length: limit + 1, limit });
    const reader = new EncryptedFrameReader(cipherWith(KEY), receiver);
    expect(pushAll(reader, [header.subarray(0, 21)])).toEqual([]);
    tooLong(() => pushAll(reader, [header.subarray(21)]));
  });

  it("is refused before a byte of its payload is kept", () => {
    const { header, rest, next } = sealedOf(frameOf(message, limit + 1));
    const reader = new EncryptedFrameReader(cipherWith(KEY), receiver);
    tooLong(() => pushAll(reader, [concatBytes(header, rest)]));
    expect(pushAll(reader, [next])).toEqual([NEXT]);
  });
});

describe("the longest length that a header can announce", () => {
  it.each(["server", "client"] as const)("is refused by a %s", (receiver) => {
    const header = cipherWith(KEY).encrypt(fromHex("00002affffff"));
    const details = tooLong(() => pushAll(new EncryptedFrameReader(cipherWith(KEY), receiver), [header]));
    expect(details.length).toBe(0xffffff);
  });
});

describe("the memory of a frame that has not come yet", () => {
  it("grows with its bytes, and not with the length that was announced", () => {
    const announced = frameOf({ extensionType: 0, msgType: 0x25 }, 262_401);
    const start = new EncryptedFrameSealer(cipherWith(KEY)).seal(frameBytes(announced)).slice(0, 22 + 1);
    const readers = Array.from({ length: 200 }, () => new EncryptedFrameReader(cipherWith(KEY), "client"));
    const before = process.memoryUsage().arrayBuffers;
    for (const reader of readers) expect(pushAll(reader, [start])).toEqual([]);
    // The announced bytes of all readers would be 52 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  });
});
