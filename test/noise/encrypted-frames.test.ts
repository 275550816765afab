import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import {
  EncryptedFrameReader,
  EncryptedFrameSealer,
  MAX_CHUNK_BYTES,
  sealedLength,
} from "../../src/noise/encrypted-frames.ts";
import type { Receiver } from "../../src/wire/payload-limit.ts";
import { cipherWith, frameBytes, noiseNonce, openssl, pushAll, type SeenFrame } from "./noise-fixture.ts";

const KEY = fromHex("c4".repeat(32));
const NO_AD = new Uint8Array(0);

const newReader = (receiver: Receiver = "server"): EncryptedFrameReader =>
  new EncryptedFrameReader(cipherWith(KEY), receiver);
const newSealer = (): EncryptedFrameSealer => new EncryptedFrameSealer(cipherWith(KEY));

/** The pieces that OpenSSL opens, each with the next nonce. @param lengths of the pieces, MACs among them. */
function openedPieces(sealed: Uint8Array, lengths: readonly number[]): string[] {
  let offset = 0;
  return lengths.map((length, index) => {
    const ciphertext = sealed.subarray(offset, offset + length);
    offset += length;
    return toHex(openssl.open(KEY, noiseNonce(BigInt(index)), { ad: NO_AD, ciphertext }));
  });
}

/** Any header, with a payload below every message's limit. */
const frames: fc.Arbitrary<SeenFrame> = fc.record({
  extensionType: fc.integer({ min: 0, max: 0x7fff }),
  channelMsg: fc.boolean(),
  msgType: fc.integer({ min: 0, max: 0xff }),
  payload: fc.uint8Array({ maxLength: 255 }),
});

const SHARE: SeenFrame = { extensionType: 0, channelMsg: true, msgType: 0x1a, payload: fromHex("0a".repeat(24)) };
const EMPTY: SeenFrame = { extensionType: 5, channelMsg: false, msgType: 0xff, payload: NO_AD };
const SETUP: SeenFrame = { extensionType: 0, channelMsg: false, msgType: 0x00, payload: fromHex("5e".repeat(70)) };
const RUN = [EMPTY, SHARE, EMPTY, EMPTY, SETUP, SHARE, EMPTY];

/** A run of frames, sealed one after the other. */
function sealedRun(run: readonly SeenFrame[]): Uint8Array {
  const sealer = newSealer();
  return concatBytes(...run.map((frame) => sealer.seal(frameBytes(frame))));
}

describe("encrypted frames", () => {
  it("come back as they were, however their bytes are cut", () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 8 }), cuts, (run, places) => {
        const bytes = sealedRun(run);
        const borders = [0, ...places.map((place) => Math.floor(place * bytes.length)), bytes.length];
        borders.sort((a, b) => a - b);
        const chunks = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
        expect(pushAll(newReader(), chunks)).toEqual(run);
      }),
    );
  });

  it("come back from a run that is cut in two at any byte", () => {
    const bytes = sealedRun(RUN);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(pushAll(newReader(), [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(RUN);
    }
  });

  it("come back from single bytes", () => {
    const bytes = sealedRun(RUN);
    const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(pushAll(newReader(), chunks)).toEqual(RUN);
  });

  it("of one push are all delivered by that push", () => {
    const run = Array.from({ length: 100 }, (_, index) => RUN[index % RUN.length] ?? EMPTY);
    expect(pushAll(newReader(), [sealedRun(run)])).toEqual(run);
  });

  it("are delivered with their last byte, and not before", () => {
    const bytes = sealedRun([SHARE]);
    const reader = newReader();
    expect(pushAll(reader, [bytes.subarray(0, -1)])).toEqual([]);
    expect(pushAll(reader, [new Uint8Array(0)])).toEqual([]);
    expect(pushAll(reader, [bytes.subarray(-1)])).toEqual([SHARE]);
  });

  it("without a payload are delivered with their header", () => {
    expect(pushAll(newReader(), [sealedRun([EMPTY])])).toEqual([EMPTY]);
  });

  it("do not depend on a chunk's bytes after its push", () => {
    const bytes = sealedRun(RUN);
    const reader = newReader();
    const seen: SeenFrame[] = [];
    for (let start = 0; start < bytes.length; start += 40) {
      const chunk = bytes.slice(start, start + 40);
      seen.push(...pushAll(reader, [chunk]));
      chunk.fill(0);
    }
    expect(seen).toEqual(RUN);
  });

  it("go on after a handler that throws", () => {
    const sealer = newSealer();
    const reader = newReader();
    for (const frame of [SHARE, EMPTY]) {
      const failing = (): never => {
        throw new Error("the handler's own");
      };
      expect(() => reader.push(sealer.seal(frameBytes(frame)), failing)).toThrow("the handler's own");
      expect(pushAll(reader, [sealer.seal(frameBytes(SETUP))])).toEqual([SETUP]);
    }
  });

  it("leave the frame in the clear as it is", () => {
    const frame = frameBytes(SHARE);
    newSealer().seal(frame);
    expect(toHex(frame)).toBe(toHex(frameBytes(SHARE)));
  });
});

describe("a sealed frame", () => {
  it("is the header with a MAC, then the payload with a MAC, nonces 0 and 1", () => {
    const sealed = newSealer().seal(frameBytes(SHARE));
    expect(sealed).toHaveLength(22 + 24 + 16);
    expect(openedPieces(sealed, [22, 40])).toEqual(["00801a180000", "0a".repeat(24)]);
  });

  it("of an empty payload is the header alone: no chunk, and one nonce", () => {
    const sealer = newSealer();
    const twice = concatBytes(sealer.seal(frameBytes(EMPTY)), sealer.seal(frameBytes(EMPTY)));
    expect(twice).toHaveLength(44);
    expect(openedPieces(twice, [22, 22])).toEqual(["0500ff000000", "0500ff000000"]);
  });

  it("of one byte has a chunk of 17 bytes", () => {
    const sealed = newSealer().seal(frameBytes({ ...EMPTY, payload: fromHex("99") }));
    expect(sealed).toHaveLength(22 + 17);
    expect(openedPieces(sealed, [22, 17])).toEqual(["0500ff010000", "99"]);
  });
});

/** Payload bytes, and the chunks that they are sealed in: SV2 §4.6. */
const BORDERS: readonly (readonly [number, readonly number[]])[] = [
  [65_518, [65_518]],
  [65_519, [65_519]],
  [65_520, [65_519, 1]],
  [131_037, [65_519, 65_518]],
  [131_038, [65_519, 65_519]],
  [131_039, [65_519, 65_519, 1]],
];

describe.each(BORDERS)("a payload of %d bytes", (length, chunks) => {
  // SetGroupChannel to a client: the longest payload of all messages.
  const pattern = Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
  const frame: SeenFrame = { extensionType: 0, channelMsg: false, msgType: 0x25, payload: pattern };
  const sealed = newSealer().seal(frameBytes(frame));
  const sealedChunks = chunks.map((bytes) => bytes + 16);

  it(`is sealed in chunks of ${chunks.join(", ")} bytes, each with its MAC and the next nonce`, () => {
    expect(sealed).toHaveLength(22 + sealedLength(length));
    expect(sealedLength(length)).toBe(sealedChunks.reduce((sum, bytes) => sum + bytes, 0));
    const [header, ...opened] = openedPieces(sealed, [22, ...sealedChunks]);
    expect(header?.slice(0, 6)).toBe("000025");
    expect(opened.map((hex) => hex.length / 2)).toEqual(chunks);
    expect(opened.join("") === toHex(pattern)).toBe(true);
  });

  it("comes back whole, from one push and from pieces cut at each chunk's border and one beside it", () => {
    const follower = (): Uint8Array => {
      const sealer = newSealer();
      return concatBytes(sealer.seal(frameBytes(frame)), sealer.seal(frameBytes(EMPTY)));
    };
    const bytes = follower();
    let border = 22;
    const cuts = [0, bytes.length];
    for (const bytesOfChunk of [0, ...sealedChunks]) {
      border += bytesOfChunk;
      cuts.push(border - 1, border, border + 1);
    }
    for (const cut of cuts) {
      const seen = pushAll(newReader("client"), [bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(seen.map(({ msgType }) => msgType)).toEqual([0x25, 0xff]);
      expect(Buffer.compare(seen[0]?.payload ?? NO_AD, pattern)).toBe(0);
    }
    const pieces = [];
    for (let start = 0; start < bytes.length; start += 16_384) pieces.push(bytes.subarray(start, start + 16_384));
    const seen = pushAll(newReader("client"), pieces);
    expect(seen.map(({ msgType }) => msgType)).toEqual([0x25, 0xff]);
    expect(Buffer.compare(seen[0]?.payload ?? NO_AD, pattern)).toBe(0);
  });
});

describe("the length on the wire", () => {
  it("is that of §4.6's formula", () => {
    const formula = (plain: number): number => {
      const rest = plain % 65_519;
      return Math.floor(plain / 65_519) * 65_535 + (rest > 0 ? rest + 16 : 0);
    };
    expect(MAX_CHUNK_BYTES).toBe(65_519);
    for (const plain of [0, 1, 65_518, 65_519, 65_520, 131_037, 131_038, 131_039, 2 ** 24 - 1]) {
      expect(sealedLength(plain)).toBe(formula(plain));
    }
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 24 - 1 }), (plain) => sealedLength(plain) === formula(plain)));
  });
});
