import { describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { detectTransport } from "../../src/wire/detect.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { payloadLimit } from "../../src/wire/payload-limit.ts";
import {
  createShareSubmission,
  readShareExtended,
  readShareStandard,
  type ShareSubmission,
} from "../../src/wire/share-fields.ts";
import { SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { eachCase } from "../support/drawn-cases.ts";
import { DEFINITIONS } from "./arbitrary-messages.ts";
import { chunked, definitionOf, hostileBytes, MOST_BYTES, noise, pick, unlessRefused } from "./hostile-bytes.ts";

/** The errors that the wire's readers promise. */
const REFUSALS = new Set(["malformed-message", "truncated-data", "too-many-extension-bytes"]);
const FRAME_REFUSALS = new Set([...REFUSALS, "frame-too-long"]);

type Fields = SubmitSharesExtended & { readonly tlvs: Uint8Array };

/** A share that was read in place, with the names of the specification. */
function renamed(share: ShareSubmission, payload: Uint8Array): Fields {
  const { channelId, sequenceNumber, jobId, nonce, ntime, version, extranonce } = share;
  const tlvs = payload.subarray(share.tlvStart);
  const ids = { channel_id: channelId, sequence_number: sequenceNumber, job_id: jobId };
  return { ...ids, nonce, ntime, version, extranonce, tlvs };
}

/** To be compared: a comparison of objects takes longer than what is tested. */
function fieldsOf({ channel_id, sequence_number, job_id, nonce, ntime, version, extranonce, tlvs }: Fields): string {
  return [channel_id, sequence_number, job_id, nonce, ntime, version, toHex(extranonce), toHex(tlvs)].join(" ");
}

// 100,000 byte strings for the decoder, and some more for each reader beside it. The counts of what was taken say that
// the cases are near enough to honest messages to reach all of the code.
describe("no byte string of up to 64 KiB makes anything be thrown but what ends a connection", () => {
  it("by the decoder of any message", () => {
    let read = 0;
    let refused = 0;
    eachCase(100_000, (random) => {
      const bytes = hostileBytes(random);
      const payload = bytes.subarray(Math.min(bytes.length, random.next() % 8 === 0 ? 0 : 6));
      const own = definitionOf({ extensionType: (bytes[0] ?? 0) & 0x7fff, msgType: bytes[2] ?? 0 });
      for (const definition of [own ?? pick(random, DEFINITIONS), pick(random, DEFINITIONS)]) {
        const decoded = unlessRefused(() => decodeMessage(definition, payload), REFUSALS);
        if (decoded === undefined) refused += 1;
        else read += 1;
      }
    });
    expect(read, "messages that could be read").toBeGreaterThan(20_000);
    expect(refused, "messages that could not").toBeGreaterThan(20_000);
  });

  it("by a reader of frames, or by the decoders of what it finds", () => {
    let frames = 0;
    let refused = 0;
    eachCase(20_000, (random) => {
      const receiver = random.next() % 2 === 0 ? "server" : "client";
      const splitter = new FrameSplitter(receiver);
      const bytes = hostileBytes(random);
      const whole = unlessRefused(() => {
        for (const chunk of chunked(random, bytes)) {
          splitter.push(chunk, (header, payload) => {
            frames += 1;
            if (payload.length !== header.length) throw new Error("a frame has another length than its header says");
            if (payload.length > payloadLimit(header, receiver)) throw new Error("a frame is longer than it may be");
            const definition = definitionOf(header);
            if (definition !== undefined) decodeMessage(definition, payload);
          });
        }
        return true;
      }, FRAME_REFUSALS);
      if (whole === undefined) refused += 1;
    });
    expect(frames, "frames that were found").toBeGreaterThan(5_000);
    expect(refused, "streams that were refused").toBeGreaterThan(1_000);
  });

  it("by the readers of shares, which never throw and say what the decoders say", () => {
    const into = createShareSubmission();
    let read = 0;
    eachCase(19_000, (random) => {
      const length = random.next() % 512 === 0 ? random.between(0, MOST_BYTES) : random.between(0, 330);
      const payload = noise(random, length);
      if (payload.length > 24 && random.next() % 2 === 0) payload[24] = random.between(0, 36);
      const [readShare, definition] = pick(random, [
        [readShareStandard, SubmitSharesStandard],
        [readShareExtended, SubmitSharesExtended],
      ] as const);
      const taken = readShare(payload, into);
      const decoded = unlessRefused(() => decodeMessage<SubmitSharesStandard>(definition, payload), REFUSALS);
      if (taken !== (decoded !== undefined)) throw new Error(`taken: ${taken}, and the decoder says otherwise`);
      if (decoded === undefined) return;
      read += 1;
      const wanted = { extranonce: new Uint8Array(0), ...decoded.message, tlvs: decoded.tlvs };
      const seen = renamed(into, payload);
      if (fieldsOf(wanted) !== fieldsOf(seen)) expect(seen).toEqual(wanted);
    });
    expect(read, "shares that could be read").toBeGreaterThan(3_000);
  });

  it("by what tells plaintext from Noise, which takes a SetupConnection alone for plaintext", () => {
    let plaintext = 0;
    eachCase(1_000, (random) => {
      const first6 = noise(random, 6);
      if (random.next() % 4 > 0) first6.set([0, (random.next() % 2) * 0x80, 0]);
      if (random.next() % 4 > 0) first6.set([random.next(), random.between(0, 6), 0], 3);
      const length = (first6[3] ?? 0) | ((first6[4] ?? 0) << 8) | ((first6[5] ?? 0) << 16);
      const isSetup =
        first6[0] === 0 &&
        ((first6[1] ?? 0) & 0x7f) === 0 &&
        first6[2] === 0 &&
        length >= SetupConnection.minBytes &&
        length <= SetupConnection.maxBytes;
      expect(detectTransport(first6).transport).toBe(isSetup ? "plaintext" : "noise");
      if (isSetup) plaintext += 1;
    });
    expect(plaintext, "openings in plaintext").toBeGreaterThan(100);
  });
});
