import { beforeEach, describe, expect, it } from "vitest";
import { REQUIRES_STANDARD_JOBS, setupRefusal } from "../../src/session/setup.ts";
import { OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { SetupConnection, SetupConnectionError, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { OPEN, PoolHarness, read, SETUP, SessionHarness } from "./session-fixture.ts";

let pool: PoolHarness;
let client: SessionHarness;

beforeEach(() => {
  pool = PoolHarness.withWork();
  client = new SessionHarness(pool);
});

describe("the setup", () => {
  it("is answered with version 2 and no flags, and with nothing else", () => {
    const frames = client.setup({ flags: 0b101 }).frames();
    expect(frames).toHaveLength(1);
    expect(read(frames[0], SetupConnectionSuccess)).toEqual({ used_version: 2, flags: 0 });
    expect(frames[0]?.header.channelMsg).toBe(false);
  });

  it("is told with what the client says of itself", () => {
    client.setup({ vendor: "bitaxe", hardware_version: "601", firmware: "2.9", flags: 1, device_id: "secret-token" });
    expect(client.events.at(-1)).toEqual({
      kind: "setup",
      vendor: "bitaxe",
      hardwareVersion: "601",
      firmware: "2.9",
      flags: 1,
    });
  });

  it.each([
    [{ protocol: 1 }, "unsupported-protocol", 0],
    [{ protocol: 2, min_version: 3, flags: 0b10 }, "unsupported-protocol", 0],
    [{ min_version: 3, max_version: 3 }, "protocol-version-mismatch", 0],
    [{ min_version: 1, max_version: 1, flags: 0xffffffff }, "protocol-version-mismatch", 0],
    [{ min_version: 2, max_version: 1 }, "protocol-version-mismatch", 0],
    [{ flags: 0b111 }, "unsupported-feature-flags", 0b010],
    [{ flags: 0xffffffff }, "unsupported-feature-flags", 0xfffffffa],
  ])("%j is refused, and the connection ends", (fields, error_code, flags) => {
    const [frame, more] = client.setup({ vendor: "v", firmware: "f", ...fields }).frames();
    expect(read(frame, SetupConnectionError)).toEqual({ error_code, flags });
    expect(frame?.header.channelMsg).toBe(false);
    expect(more).toBeUndefined();
    expect(client.ended).toBe("setup-refused");
    expect(client.events.at(-1)).toEqual({ kind: "setup-refused", errorCode: error_code, vendor: "v", firmware: "f" });
    client.send(OpenStandardMiningChannel, OPEN);
    expect(client.frames(), "nothing is taken after that").toEqual([]);
  });

  it.each([
    { min_version: 1, max_version: 3 },
    { min_version: 0, max_version: 65_535 },
    { flags: 0b001 },
    { flags: 0b100 },
    { flags: 0 },
  ])("%j is taken", (fields) => {
    expect(setupRefusal({ ...SETUP, ...fields })).toBeUndefined();
  });

  it.each(Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => bit !== 0 && bit !== 2))(
    "with bit %d is refused by that bit",
    (bit) => {
      const flag = (1 << bit) >>> 0;
      expect(setupRefusal({ ...SETUP, flags: (flag | REQUIRES_STANDARD_JOBS) >>> 0 })).toEqual({
        errorCode: "unsupported-feature-flags",
        flags: flag,
      });
    },
  );

  it("comes once", () => {
    client.setup().setup();
    expect(client.ended).toBe("protocol:second-setup");
  });

  it("comes first: any other message before it ends the connection", () => {
    client.shakeHands().send(OpenStandardMiningChannel, OPEN);
    expect(client.ended).toBe("protocol:setup-expected");
    expect(client.frames()).toEqual([]);
    expect(pool.pool.openChannels).toBe(0);
  });

  it("comes first: an extension's message before it ends the connection, though its number is that of the setup", () => {
    client.shakeHands();
    const frame = encodeFrame(SetupConnection, SETUP);
    frame[0] = 0x01;
    client.receive(client.sealed(frame));
    expect(client.ended).toBe("protocol:setup-expected");
  });

  it("may carry what a later version adds, up to what its frame may have", () => {
    const frame = encodeFrame(SetupConnection, SETUP);
    const longer = new Uint8Array(frame.length + 100);
    longer.set(frame);
    longer[3] = (frame[3] ?? 0) + 100;
    expect(read(client.receive(longer).frames()[0], SetupConnectionSuccess).used_version).toBe(2);
  });
});

describe("the transport", () => {
  it("in plaintext is told with its cause", () => {
    client.setup();
    expect(client.events[0]).toEqual({ kind: "transport", transport: "plaintext", cause: "setup-connection" });
  });

  it.each([
    ["extension-type", [0x77, 0x77, 0x77, 0x77, 0x77, 0x77]],
    ["message-type", [0x00, 0x80, 0x77, 0x77, 0x77, 0x77]],
    ["length", [0x00, 0x00, 0x00, 0x0f, 0x00, 0x00]],
  ])("over Noise is told with its cause: %s", (cause, first) => {
    const actOne = new Uint8Array(64).fill(0x77);
    actOne.set(first);
    client.receive(actOne);
    expect(client.events).toEqual([{ kind: "transport", transport: "noise", cause }]);
    expect(client.session.takeOutput()[0]).toHaveLength(234);
  });

  it("is not decided before six bytes, nor a handshake answered before its 64", () => {
    client.receive(new Uint8Array(5));
    expect(client.events).toEqual([]);
    client.receive(new Uint8Array(58));
    expect(client.events).toEqual([]);
    expect(client.session.takeOutput()).toEqual([]);
    client.receive(new Uint8Array(1));
    expect(client.events).toEqual([{ kind: "transport", transport: "noise", cause: "length" }]);
  });

  it("waits for the last byte of the length, which can make it one that no setup has", () => {
    client.receive(new Uint8Array([0, 0, 0, 0x20, 0]));
    expect(client.events).toEqual([]);
    client.receive(new Uint8Array([1, ...new Uint8Array(58)]));
    expect(client.events).toEqual([{ kind: "transport", transport: "noise", cause: "length" }]);
  });

  it("over Noise takes what follows the handshake in the same piece for a frame, and finds that it is none", () => {
    client.receive(new Uint8Array(64 + 22).fill(0x77));
    expect(client.ended).toBe("protocol:bad-mac");
  });

  it("in plaintext is refused where plaintext is not allowed, without an answer", () => {
    const session = new SessionHarness(pool, { plaintextAllowed: false }).setup();
    expect(session.ended).toBe("plaintext-refused");
    expect(session.frames()).toEqual([]);
  });

  it("over Noise is taken where plaintext is not", () => {
    const session = new SessionHarness(pool, { plaintextAllowed: false }).shakeHands().setup();
    expect(read(session.frames()[0], SetupConnectionSuccess).used_version).toBe(2);
  });

  it("may end after a handshake that was but a test", () => {
    client.shakeHands().session.end("peer-closed");
    expect(client).toMatchObject({ ended: "peer-closed", error: undefined });
  });

  it("over Noise ends with a frame that was changed on the way", () => {
    client.shakeHands();
    const bytes = client.sealed(encodeFrame(SetupConnection, SETUP));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    client.receive(bytes);
    expect(client.ended).toBe("protocol:bad-mac");
    expect(client.frames()).toEqual([]);
  });
});

describe.each([false, true])("the bytes of a conversation, over Noise: %s", (noise) => {
  it("mean the same whatever pieces they come in", () => {
    const piecewise = (pieceBytes: number): string[] => {
      const session = new SessionHarness(pool);
      if (noise) session.shakeHands();
      const stream = [
        session.sealed(encodeFrame(SetupConnection, SETUP)),
        session.sealed(encodeFrame(OpenStandardMiningChannel, OPEN)),
      ].flatMap((bytes) => [...bytes]);
      for (let offset = 0; offset < stream.length; offset += pieceBytes) {
        // What was taken may be overwritten afterwards.
        const piece = Uint8Array.from(stream.slice(offset, offset + pieceBytes));
        session.receive(piece);
        piece.fill(0xdd);
      }
      return session.frames().map(({ header }) => `0x${header.msgType.toString(16)}`);
    };
    for (const pieceBytes of [1, 2, 3, 5, 6, 7, 21, 22, 23, 64, 100, 10_000]) {
      expect(piecewise(pieceBytes), `pieces of ${pieceBytes}`).toEqual(["0x1", "0x11", "0x15", "0x20"]);
    }
  });
});
