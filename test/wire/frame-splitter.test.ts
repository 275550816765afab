import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { encodeFrame, FRAME_HEADER_BYTES } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { SubmitSharesExtended } from "../../src/wire/share-messages.ts";

describe("a stream of frames", () => {
  it("gives the same frames in chunks of any size", () => {
    const frames = Array.from({ length: 40 }, (_, index) =>
      encodeFrame(SubmitSharesExtended, {
        channel_id: 1,
        sequence_number: index,
        job_id: 2,
        nonce: index * 77,
        ntime: 3,
        version: 4,
        extranonce: new Uint8Array(index % 33).fill(index),
      }),
    );
    const stream = new Uint8Array(frames.flatMap((frame) => [...frame]));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const splitter = new FrameSplitter("server");
        const found: string[] = [];
        let offset = 0;
        for (let turn = 0; offset < stream.length; turn += 1) {
          const end = Math.min(stream.length, offset + (sizes[turn % sizes.length] ?? 1));
          splitter.push(stream.slice(offset, end), (_header, payload) => found.push(toHex(payload)));
          offset = end;
        }
        expect(found).toEqual(frames.map((frame) => toHex(frame.subarray(FRAME_HEADER_BYTES))));
      }),
      { numRuns: 50 },
    );
  });

  it("delivers an empty payload", () => {
    let count = 0;
    new FrameSplitter("server").push(new Uint8Array([1, 0, 9, 0, 0, 0, 1, 0, 9, 0, 0, 0]), (header, payload) => {
      count += 1;
      expect([header.extensionType, header.msgType, payload.length]).toEqual([1, 9, 0]);
    });
    expect(count).toBe(2);
  });

  it("keeps a cut frame's bytes when those of its first chunks are overwritten", () => {
    const frame = new Uint8Array([1, 0, 9, 6, 0, 0, 1, 2, 3, 4, 5, 6]);
    for (let cut = 1; cut < frame.length; cut += 1) {
      const splitter = new FrameSplitter("server");
      const found: string[] = [];
      const first = frame.slice(0, cut);
      splitter.push(first, (_header, payload) => found.push(toHex(payload)));
      first.fill(0xff);
      splitter.push(frame.slice(cut), (_header, payload) => found.push(toHex(payload)));
      expect(found).toEqual(["010203040506"]);
    }
  });

  it("gives a frame that lies whole in its chunk as a view of it", () => {
    const chunk = new Uint8Array([1, 0, 9, 2, 0, 0, 7, 8]);
    new FrameSplitter("server").push(chunk, (_header, payload) => {
      expect(payload.buffer).toBe(chunk.buffer);
      expect(payload.byteOffset).toBe(6);
    });
  });

  it("takes memory for what has come, not for what was announced", () => {
    const announced = new Uint8Array([0, 0, 0x7e, 0, 0, 1, 0x55]);
    const before = process.memoryUsage().arrayBuffers;
    const splitters = Array.from({ length: 500 }, () => new FrameSplitter("server"));
    for (const splitter of splitters) splitter.push(announced, () => undefined);
    // 500 times 65,536 bytes were announced.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20);
    expect(splitters).toHaveLength(500);
  });

  it("stops at what its handler throws", () => {
    const splitter = new FrameSplitter("server");
    const frames = new Uint8Array([1, 0, 9, 0, 0, 0, 1, 0, 8, 0, 0, 0]);
    const seen: number[] = [];
    expect(() =>
      splitter.push(frames, ({ msgType }) => {
        seen.push(msgType);
        throw new Error("injected");
      }),
    ).toThrow("injected");
    expect(seen).toEqual([9]);
  });
});
