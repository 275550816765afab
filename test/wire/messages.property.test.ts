import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, toHex } from "../../src/core/bytes.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHandler } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { payloadLimit, type Receiver } from "../../src/wire/payload-limit.ts";
import { drawn } from "../support/drawn-cases.ts";
import { type AnyDefinition, DEFINED, DEFINITIONS, messagesOf } from "./arbitrary-messages.ts";

function takes(receiver: Receiver, { extensionType, msgType, maxBytes }: AnyDefinition): boolean {
  return payloadLimit({ extensionType, msgType }, receiver) >= maxBytes;
}

/** Frames that come out when those chunks go in, each as text. */
function split(receiver: Receiver, chunks: readonly Uint8Array[]): string[] {
  const splitter = new FrameSplitter(receiver);
  const found: string[] = [];
  const note: FrameHandler = ({ extensionType, channelMsg, msgType, length }, payload) => {
    found.push(`${extensionType} ${channelMsg} ${msgType} ${length} ${toHex(payload)}`);
  };
  // Pushed as copies: a reader may write over what it was given.
  for (const chunk of chunks) splitter.push(chunk.slice(), note);
  return found;
}

function seen({ extensionType, channelMsg, msgType }: AnyDefinition, frame: Uint8Array): string {
  const payload = frame.subarray(FRAME_HEADER_BYTES);
  return `${extensionType} ${channelMsg} ${msgType} ${payload.length} ${toHex(payload)}`;
}

describe("the definitions of messages", () => {
  it("are found, each number once", () => {
    expect(DEFINED.length).toBeGreaterThanOrEqual(26);
    const numbers = DEFINITIONS.map(({ extensionType, msgType }) => `${extensionType} ${msgType}`);
    expect(new Set(numbers).size).toBe(DEFINITIONS.length);
  });

  it("are each within the limit of a client or of the server", () => {
    for (const definition of DEFINITIONS) {
      expect(takes("server", definition) || takes("client", definition), definition.name).toBe(true);
    }
  });
});

describe.each(DEFINITIONS.map((definition) => [definition.name, definition] as const))("%s", (_name, definition) => {
  const messages = messagesOf(definition);

  it("reads what it wrote, whatever stands in its fields, and writes what it read", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const frame = encodeFrame(definition, message);
        const payload = frame.subarray(FRAME_HEADER_BYTES);
        expect(payload.length).toBeGreaterThanOrEqual(definition.minBytes);
        expect(payload.length).toBeLessThanOrEqual(definition.maxBytes);
        const decoded = decodeMessage(definition, payload);
        expect(decoded.message).toEqual(message);
        expect(decoded.tlvs).toHaveLength(0);
        expect(Buffer.compare(encodeFrame(definition, decoded.message), frame)).toBe(0);
      }),
      drawn(100),
    );
  });

  it("is read the same wherever its frame is cut in two", () => {
    const receiver = takes("server", definition) ? "server" : "client";
    fc.assert(
      fc.property(
        messages.map((message) => encodeFrame(definition, message)).filter(({ length }) => length <= 600),
        (frame) => {
          const whole = [seen(definition, frame)];
          for (let cut = 0; cut <= frame.length; cut += 1) {
            const found = split(receiver, [frame.subarray(0, cut), frame.subarray(cut)]);
            if (found.join() !== whole.join()) expect(found, `cut at ${cut}`).toEqual(whole);
          }
        },
      ),
      drawn(4),
    );
  });
});

describe("a stream of messages", () => {
  it.each(["server", "client"] as const)("to a %s gives the same frames however it is cut", (receiver) => {
    const known = DEFINITIONS.filter((definition) => takes(receiver, definition));
    const frames = fc.array(
      fc
        .constantFrom(...known)
        .chain((definition) =>
          messagesOf(definition).map((message) => ({ definition, frame: encodeFrame(definition, message) })),
        ),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), (sent, places) => {
        const stream = concatBytes(...sent.map(({ frame }) => frame));
        const cuts = [0, ...places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b), stream.length];
        const chunks = cuts.slice(1).map((end, index) => stream.subarray(cuts[index], end));
        expect(split(receiver, chunks)).toEqual(sent.map(({ definition, frame }) => seen(definition, frame)));
      }),
      drawn(200),
    );
  });
});
