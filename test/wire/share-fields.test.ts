import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame, FRAME_HEADER_BYTES } from "../../src/wire/frame.ts";
import { createShareSubmission, readShareExtended, readShareStandard } from "../../src/wire/share-fields.ts";
import { SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const fixed = { channel_id: u32, sequence_number: u32, job_id: u32, nonce: u32, ntime: u32, version: u32 };

describe("a share read in place", () => {
  it("has the fields that the message's decoder finds", () => {
    fc.assert(
      fc.property(fc.record({ ...fixed, extranonce: fc.uint8Array({ maxLength: 32 }) }), (message) => {
        const into = createShareSubmission();
        const standard = encodeFrame(SubmitSharesStandard, message).subarray(FRAME_HEADER_BYTES);
        expect(readShareStandard(standard, into)).toBe(true);
        expect(into).toEqual({
          channelId: message.channel_id,
          sequenceNumber: message.sequence_number,
          jobId: message.job_id,
          nonce: message.nonce,
          ntime: message.ntime,
          version: message.version,
          extranonce: new Uint8Array(0),
          tlvStart: standard.length,
          worker: new Uint8Array(0),
        });
        const extended = encodeFrame(SubmitSharesExtended, message).subarray(FRAME_HEADER_BYTES);
        expect(readShareExtended(extended, into)).toBe(true);
        expect(into.extranonce).toEqual(message.extranonce);
        expect(into.version).toBe(message.version);
        expect(into.tlvStart).toBe(extended.length);
      }),
    );
  });

  it("leaves nothing of the share before, whose object it uses again", () => {
    const into = createShareSubmission();
    const extended = new Uint8Array(24 + 1 + 4 + 3).fill(0xee);
    extended[24] = 4;
    expect(readShareExtended(extended, into)).toBe(true);
    expect([into.extranonce.length, into.tlvStart]).toEqual([4, 24 + 1 + 4]);
    for (const read of [readShareStandard, readShareExtended]) {
      into.worker = new Uint8Array([0x61]);
      expect(read(new Uint8Array(30), into)).toBe(true);
      expect(into.worker).toEqual(new Uint8Array(0));
    }
    expect(readShareStandard(new Uint8Array(24), into)).toBe(true);
    expect(into).toEqual({ ...createShareSubmission(), tlvStart: 24 });
  });

  it("takes TLVs up to 255 bytes", () => {
    const into = createShareSubmission();
    expect(readShareStandard(new Uint8Array(24 + 255), into)).toBe(true);
    expect(into.tlvStart).toBe(24);
    expect(readShareStandard(new Uint8Array(24 + 256), into)).toBe(false);
    expect(readShareExtended(new Uint8Array(25 + 255), into)).toBe(true);
    expect(into.tlvStart).toBe(25);
    expect(readShareExtended(new Uint8Array(25 + 256), into)).toBe(false);
  });

  it("is refused where a length does not fit", () => {
    const into = createShareSubmission();
    expect(readShareStandard(new Uint8Array(23), into)).toBe(false);
    expect(readShareExtended(new Uint8Array(24), into)).toBe(false);
    const payload = new Uint8Array(25 + 33);
    payload[24] = 33;
    expect(readShareExtended(payload, into)).toBe(false);
    payload[24] = 32;
    expect(readShareExtended(payload, into)).toBe(true);
    expect(readShareExtended(payload.subarray(0, 25 + 31), into)).toBe(false);
  });
});
