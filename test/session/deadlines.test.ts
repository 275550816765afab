import { beforeEach, describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { CloseChannel, OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { OPEN, PoolHarness, SessionHarness, template } from "./session-fixture.ts";

/** Of no channel that is open. */
const STRAY = { channel_id: 77, sequence_number: 1, job_id: 1, nonce: 1, ntime: 1, version: 1 };

let pool: PoolHarness;
let client: SessionHarness;

beforeEach(() => {
  pool = PoolHarness.withWork();
  client = new SessionHarness(pool);
});

describe("deadlines", () => {
  it("end a connection that says nothing after 10 s, and not before", () => {
    expect(client.advance(9_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("handshake-timeout");
  });

  it("end one that sends a byte a second all the same", () => {
    for (let second = 0; second < 10; second += 1) client.receive(new Uint8Array([0x77])).advance(999);
    expect(client.ended).toBeUndefined();
    expect(client.advance(10).ended).toBe("handshake-timeout");
  });

  it("end one that shakes hands and then says nothing after 10 s more", () => {
    client.advance(5_000).shakeHands();
    expect(client.advance(9_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("setup-timeout");
  });

  it("end one whose plaintext setup does not come to its end within 10 s", () => {
    client.advance(5_000).receive(new Uint8Array([0, 0, 0, 16, 0, 0, 0]));
    expect(client.advance(9_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("setup-timeout");
  });

  it("end one that opens no channel in the time that is given for it, here a minute", () => {
    client.setup();
    expect(client.advance(59_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("no-channel-timeout");
  });

  it("are over for one that has opened a channel, also when it has closed its last", () => {
    client.setup().advance(59_999).send(OpenStandardMiningChannel, OPEN);
    expect(client.advance(3_600_000).ended).toBeUndefined();
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    client.send(CloseChannel, { channel_id: channel?.channelId ?? 0, reason_code: "bye" });
    expect(client.session.channels?.size).toBe(0);
    expect(client.advance(3_600_000).ended).toBeUndefined();
  });

  it("end one that has closed its last channel and sends shares of it still a minute later", () => {
    client.setup().send(OpenStandardMiningChannel, OPEN).advance(3_600_000).send(SubmitSharesStandard, STRAY);
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    client.send(CloseChannel, { channel_id: channel?.channelId ?? 0, reason_code: "bye" });
    for (let second = 0; second < 59; second += 1) client.send(SubmitSharesStandard, STRAY).advance(1_000);
    expect(client.advance(999).send(SubmitSharesStandard, STRAY).ended).toBeUndefined();
    expect(client.advance(1).send(SubmitSharesStandard, STRAY).ended).toBe("no-channel-timeout");
  });

  it("begin anew with each channel that is opened", () => {
    client.setup().send(OpenStandardMiningChannel, OPEN);
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    client.send(CloseChannel, { channel_id: channel?.channelId ?? 0, reason_code: "bye" }).advance(3_600_000);
    const frames = [encodeFrame(OpenStandardMiningChannel, OPEN), encodeFrame(SubmitSharesStandard, STRAY)];
    client.receive(concatBytes(...frames));
    const [another] = [...(client.session.channels?.channels() ?? [])];
    client.send(CloseChannel, { channel_id: another?.channelId ?? 0, reason_code: "bye" });
    expect(client.advance(59_999).send(SubmitSharesStandard, STRAY).ended).toBeUndefined();
  });

  it("are not put off by messages that open no channel", () => {
    client.setup();
    for (let second = 0; second < 59; second += 1) {
      client.send(CloseChannel, { channel_id: 1, reason_code: "" }).advance(1_000);
    }
    expect(client.ended).toBeUndefined();
    expect(client.advance(1_000).ended).toBe("no-channel-timeout");
  });

  it("are measured by the monotonic clock: a jump of the wall clock ends nothing", () => {
    client.now = { ...client.now, wallMs: client.now.wallMs + 1e9 };
    expect(client.advance(9_999).ended).toBeUndefined();
  });
});

describe("an ended session", () => {
  beforeEach(() => {
    client.setup().send(OpenStandardMiningChannel, OPEN).frames();
  });

  it("ends once, frees its channels, and takes and gives nothing any more", () => {
    const { session } = client;
    session.end("peer-closed");
    session.end("shutdown");
    expect(client.ended).toBe("peer-closed");
    expect(pool.pool.openChannels).toBe(0);
    client.send(OpenStandardMiningChannel, OPEN);
    pool.pool.setTemplate(template({ prevHash: new Uint8Array(32).fill(7) }));
    expect(client.frames()).toEqual([]);
    expect(pool.pool.openChannels).toBe(0);
  });

  it("is told of although its channels could not be freed", () => {
    pool.pool.disconnect = () => {
      throw new Error("injected");
    };
    expect(() => client.session.end("peer-closed")).toThrow("injected");
    expect(client.ended).toBe("peer-closed");
  });

  it("gives nothing that is sent to it afterwards", () => {
    client.session.end("shutdown");
    client.session.send(encodeFrame(CloseChannel, { channel_id: 1, reason_code: "" }));
    expect(client.frames()).toEqual([]);
  });

  it("shakes no hands where it ended before", () => {
    const late = new SessionHarness(pool).advance(10_000);
    expect(late.ended).toBe("handshake-timeout");
    late.receive(new Uint8Array(64).fill(0x77));
    expect(late.session.takeOutput()).toEqual([]);
    expect(late.events).toEqual([]);
  });

  it("takes no message that came in one piece with the one that ended it", () => {
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    const share = { sequence_number: 1, job_id: 1, nonce: 1, ntime: 1, version: 1 };
    pool.pool.addShare = () => false;
    client.receive(
      concatBytes(
        encodeFrame(SubmitSharesStandard, { ...share, channel_id: channel?.channelId ?? 0 }),
        encodeFrame(OpenStandardMiningChannel, OPEN),
      ),
    );
    expect(client.ended).toBe("share-queue-full");
    expect(pool.pool.openChannels).toBe(0);
  });

  it("still gives what was queued before its end", () => {
    client.send(OpenStandardMiningChannel, OPEN).session.end("shutdown");
    expect(client.frames()).toHaveLength(3);
  });

  it("answers no request that waited for work, neither when it comes nor when it is late", () => {
    pool.pool.suspendWork();
    client.send(OpenStandardMiningChannel, OPEN).session.end("peer-closed");
    const events = client.events.length;
    client.advance(60_000);
    pool.pool.setTemplate(template());
    expect(client.events).toHaveLength(events);
    expect(pool.pool.openChannels).toBe(0);
  });
});
