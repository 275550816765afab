import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { SessionError } from "../../src/session/errors.ts";
import type { FrameTrace } from "../../src/session/frame-trace.ts";
import { OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { encodeFrame, FRAME_HEADER_BYTES } from "../../src/wire/frame.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { OPEN, PoolHarness, SETUP, SessionHarness } from "./session-fixture.ts";

describe.each([false, true])("a session whose frames are traced, over Noise: %s", (noise) => {
  it("shows each in the clear, both ways, in the order in which they are taken and given", () => {
    const seen: string[] = [];
    const trace: FrameTrace = {
      received: ({ msgType, length }, payload) => seen.push(`-> ${msgType} ${length === payload.length}`),
      sent: (frame) => seen.push(`<- ${frame[2]} ${frame.length > FRAME_HEADER_BYTES}`),
      ended: (reason) => seen.push(reason),
    };
    const client = new SessionHarness(PoolHarness.withWork());
    client.session.trace = trace;
    if (noise) client.shakeHands();
    expect(seen).toEqual([]);
    client.setup().send(OpenStandardMiningChannel, OPEN);
    expect(seen).toEqual(["-> 0 true", "<- 1 true", "-> 16 true", "<- 17 true", "<- 21 true", "<- 32 true"]);
    // The peer sees the same as without it.
    expect(client.frames().map(({ header }) => header.msgType)).toEqual([0x01, 0x11, 0x15, 0x20]);
  });

  it("shows them from the moment on where it is traced, and no more where it is not", () => {
    const seen: string[] = [];
    const traceAs = (name: string): FrameTrace => ({
      received: ({ msgType }) => seen.push(`${name} -> ${msgType}`),
      sent: (frame) => seen.push(`${name} <- ${frame[2]}`),
      ended: (reason) => seen.push(`${name} ${reason}`),
    });
    const client = new SessionHarness(PoolHarness.withWork());
    if (noise) client.shakeHands();
    client.setup();
    client.session.trace = traceAs("one");
    client.send(OpenStandardMiningChannel, OPEN);
    client.session.trace = traceAs("other");
    client.send(OpenStandardMiningChannel, OPEN);
    client.session.trace = undefined;
    client.send(OpenStandardMiningChannel, OPEN);
    const opening = ["-> 16", "<- 17", "<- 21", "<- 32"];
    expect(seen.filter((line) => line.startsWith("one"))).toEqual(opening.map((line) => `one ${line}`));
    expect(seen.filter((line) => line.startsWith("other"))[0]).toBe("other -> 16");
    expect(seen.filter((line) => line === "other -> 16")).toHaveLength(1);
    expect(client.frames().filter(({ header }) => header.msgType === 0x11)).toHaveLength(3);
    const shown = seen.length;
    client.session.end("peer-closed");
    expect(seen).toHaveLength(shown);
  });

  it("shows a message that ends the connection too, and then the end", () => {
    const { client, seen } = traced();
    if (noise) client.shakeHands();
    client.setup();
    const job = { channel_id: 1, job_id: 1, min_ntime: undefined, version: 0, merkle_root: new Uint8Array(32) };
    client.send(NewMiningJob, job);
    expect(client.error).toBeInstanceOf(SessionError);
    expect(seen).toEqual([0x00, 0x15, ["protocol:server-only-message", client.error]]);
  });

  it("shows nothing after the end, of what came in the same bytes either", () => {
    const { client, seen } = traced();
    if (noise) client.shakeHands();
    const refused = encodeFrame(SetupConnection, { ...SETUP, protocol: 1 });
    client.receive(concatBytes(client.sealed(refused), client.sealed(refused)));
    expect(seen).toEqual([0x00, ["setup-refused", undefined]]);
  });

  it("shows why it ended where its bytes are no frame that can be read", () => {
    const { client, seen } = traced();
    if (noise) client.shakeHands();
    const bytes = client.setup().sealed(encodeFrame(OpenStandardMiningChannel, OPEN));
    // In the clear that is the frame's length.
    bytes[5] = (bytes[5] ?? 0) ^ 0xff;
    client.receive(bytes);
    expect(client.ended).toBe(noise ? "protocol:bad-mac" : "protocol:frame-too-long");
    expect(seen).toEqual([0x00, [client.ended, client.error]]);
    client.session.end("shutdown");
    expect(seen).toHaveLength(2);
  });

  it("shows the end of one that never sent a frame", () => {
    const { client, seen } = traced();
    client.advance(10_000);
    expect(seen).toEqual([["handshake-timeout", undefined]]);
  });
});

/** A session, and what its trace is shown: the types of the received messages, and the end. */
function traced(): { readonly client: SessionHarness; readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const client = new SessionHarness(PoolHarness.withWork());
  client.session.trace = {
    received: ({ msgType }) => seen.push(msgType),
    sent: () => undefined,
    ended: (reason, error) => seen.push([reason, error]),
  };
  return { client, seen };
}
