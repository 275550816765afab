import { describe, expect, it } from "vitest";
import type { FrameTrace } from "../../src/session/frame-trace.ts";
import { OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { FRAME_HEADER_BYTES } from "../../src/wire/frame.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { OPEN, PoolHarness, SessionHarness } from "./session-fixture.ts";

describe.each([false, true])("a session whose frames are traced, over Noise: %s", (noise) => {
  it("shows each in the clear, both ways, in the order in which they are taken and given", () => {
    const seen: string[] = [];
    const trace: FrameTrace = {
      received: ({ msgType, length }, payload) => seen.push(`-> ${msgType} ${length === payload.length}`),
      sent: (frame) => seen.push(`<- ${frame[2]} ${frame.length > FRAME_HEADER_BYTES}`),
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
  });

  it("shows a message that ends the connection too", () => {
    const seen: number[] = [];
    const trace: FrameTrace = { received: ({ msgType }) => seen.push(msgType), sent: () => undefined };
    const client = new SessionHarness(PoolHarness.withWork());
    client.session.trace = trace;
    if (noise) client.shakeHands();
    client.setup().send(NewMiningJob, {
      channel_id: 1,
      job_id: 1,
      min_ntime: undefined,
      version: 0,
      merkle_root: new Uint8Array(32),
    });
    expect(client.ended).toBe("protocol:server-only-message");
    expect(seen).toEqual([0x00, 0x15]);
  });
});
