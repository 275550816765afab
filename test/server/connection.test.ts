import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { Connection } from "../../src/server/connection.ts";
import { DEFAULT_TIMEOUTS } from "../../src/server/stratum-server.ts";
import { ConnectionSession } from "../../src/session/connection-session.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { PoolHarness } from "../session/session-fixture.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { nextTurn } from "../support/wait.ts";
import { SETUP } from "./raw-peer.ts";

const LIMIT = 1_000;
const GRACE_MS = 2_000;

/** A socket whose peer takes nothing until it is told to. */
class SlowSocket extends Duplex {
  readonly written: Uint8Array[] = [];
  noDelay = false;
  probedAfterMs = 0;
  #taken: () => void = () => undefined;

  constructor() {
    super({ allowHalfOpen: false });
  }

  setNoDelay(noDelay: boolean): this {
    this.noDelay = noDelay;
    return this;
  }

  setKeepAlive(enabled: boolean, initialDelayMs: number): this {
    this.probedAfterMs = enabled ? initialDelayMs : 0;
    return this;
  }

  override _write(chunk: Uint8Array, _encoding: string, taken: () => void): void {
    this.written.push(new Uint8Array(chunk));
    this.#taken = taken;
  }

  override _read(): void {}

  peerReads(): void {
    this.#taken();
  }
}

class Rig {
  readonly clock = new ManualClock();
  readonly socket = new SlowSocket();
  readonly ends: { readonly reason: string; readonly error: unknown }[] = [];
  readonly session: ConnectionSession;
  readonly connection: Connection;
  closed = 0;
  reads = 0;

  constructor() {
    const { clock } = this;
    this.session = new ConnectionSession(
      { connectionId: "1", plaintextAllowed: true, timeouts: DEFAULT_TIMEOUTS, now: clock.now() },
      {
        pool: new PoolHarness().pool,
        createResponder: () => {
          throw new Error("nobody speaks Noise here");
        },
        onEvent: () => undefined,
        onOutput: () => undefined,
        onEnd: (reason, { error }) => {
          this.ends.push({ reason, error });
          this.connection.close(GRACE_MS, clock);
        },
      },
    );
    this.connection = new Connection(this.session, this.socket as unknown as Socket, {
      peer: { connectionId: "1", address: "127.0.0.1", port: 1 },
      limits: { maxOutboundBytes: LIMIT },
    });
    this.connection.begin({
      onRead: () => {
        this.reads += 1;
      },
      now: () => clock.now(),
      onClosed: () => {
        this.closed += 1;
      },
    });
  }

  /** In plaintext, with nothing queued. */
  static setUp(): Rig {
    const rig = new Rig();
    rig.session.receive(encodeFrame(SetupConnection, SETUP), rig.clock.now());
    rig.session.takeOutput();
    return rig;
  }

  get reasons(): string[] {
    return this.ends.map(({ reason }) => reason);
  }
}

let rig: Rig;
beforeEach(() => {
  rig = Rig.setUp();
});

const piece = (length: number): Uint8Array => new Uint8Array(length).fill(length);

function queue(...lengths: number[]): void {
  for (const length of lengths) rig.session.send(piece(length));
}

describe("what a session has queued", () => {
  it("leaves in one write, in its order", () => {
    queue(3, 5, 2);
    rig.connection.flush();
    expect(rig.socket.written).toEqual([concatBytes(piece(3), piece(5), piece(2))]);
  });

  it("leaves once", () => {
    queue(3);
    rig.connection.flush();
    rig.connection.flush();
    rig.socket.peerReads();
    expect(rig.socket.written).toEqual([piece(3)]);
  });

  it("leaves without delay", () => {
    expect(rig.socket.noDelay).toBe(true);
    expect(rig.socket.probedAfterMs).toBe(60_000);
  });

  it("may wait up to the limit for a peer that does not read", () => {
    queue(600);
    rig.connection.flush();
    queue(400);
    rig.connection.flush();
    expect(rig.socket.writableLength).toBe(LIMIT);
    expect(rig.ends).toEqual([]);
    expect(rig.socket.destroyed).toBe(false);
  });

  it("ends the connection with one byte more, which is cut off at once", async () => {
    queue(600);
    rig.connection.flush();
    queue(401);
    rig.connection.flush();
    expect(rig.reasons).toEqual(["outbound-limit"]);
    expect(rig.socket.destroyed).toBe(true);
    await nextTurn();
    expect(rig.closed).toBe(1);
    expect(rig.clock.pending).toBe(0);
  });

  it("counts no more once the peer has taken it", () => {
    for (let round = 0; round < 5; round += 1) {
      queue(LIMIT);
      rig.connection.flush();
      rig.socket.peerReads();
    }
    expect(rig.ends).toEqual([]);
    expect(rig.socket.written).toHaveLength(5);
  });

  it("goes nowhere when the socket is gone", () => {
    rig.socket.destroy();
    queue(3);
    rig.connection.flush();
    expect(rig.socket.written).toEqual([]);
    expect(rig.ends).toEqual([]);
  });
});

describe("what the socket tells", () => {
  it("is received by the session, at the time at which it came", async () => {
    rig = new Rig();
    rig.clock.advance(1_234);
    rig.socket.push(encodeFrame(SetupConnection, SETUP));
    await nextTurn();
    expect(rig.session.channels).toBeDefined();
    // Its time to open a channel begins at that moment.
    rig.clock.advance(DEFAULT_TIMEOUTS.noChannelMs - 1);
    rig.session.tick(rig.clock.now());
    expect(rig.ends).toEqual([]);
    rig.clock.advance(1);
    rig.session.tick(rig.clock.now());
    expect(rig.ends).toMatchObject([{ reason: "no-channel-timeout" }]);
  });

  it.each([
    ["the peer closed its side", () => void rig.socket.push(null), "peer-closed", undefined],
    ["it is gone", () => void rig.socket.destroy(), "peer-closed", undefined],
    [
      "the network broke it",
      () => void rig.socket.destroy(new Error("read ECONNRESET")),
      "socket-error",
      "read ECONNRESET",
    ],
  ])("ends the session when %s", async (_what, happen, reason, message) => {
    happen();
    await nextTurn();
    expect(rig.ends).toEqual([
      { reason, error: message === undefined ? undefined : expect.objectContaining({ message }) },
    ]);
  });

  it("after the end of the session ends nothing a second time", async () => {
    rig.session.end("shutdown");
    rig.socket.peerReads();
    rig.socket.destroy(new Error("read ECONNRESET"));
    await nextTurn();
    expect(rig.ends).toHaveLength(1);
    expect(rig.closed).toBe(1);
  });
});

describe("reading", () => {
  it("pauses and goes on", async () => {
    rig.connection.pauseReading(true);
    rig.socket.push(encodeFrame(SetupConnection, SETUP));
    await nextTurn();
    expect([rig.ends.length, rig.reads]).toEqual([0, 0]);
    rig.connection.pauseReading(false);
    await nextTurn();
    expect([rig.ends.length, rig.reads]).toEqual([1, 1]);
  });
});

describe("closing", () => {
  it("writes out what is left before it closes our side", async () => {
    queue(3, 4);
    rig.session.end("shutdown");
    expect(rig.socket.written).toEqual([concatBytes(piece(3), piece(4))]);
    expect(rig.socket.writableFinished).toBe(false);
    rig.socket.peerReads();
    await nextTurn();
    expect(rig.socket.writableFinished).toBe(true);
  });

  it("is over when the peer has closed its side too, and cuts nothing off then", async () => {
    rig.session.end("shutdown");
    rig.socket.push(null);
    await nextTurn();
    expect(rig.closed).toBe(1);
    expect(rig.clock.pending).toBe(0);
  });

  it("sees the peer's end although reading was paused before all of it was read", async () => {
    rig.connection.pauseReading(true);
    rig.socket.push(piece(9));
    rig.session.end("shutdown");
    rig.socket.push(null);
    await nextTurn();
    expect(rig.closed).toBe(1);
  });

  it("cuts a peer off that does not close its side, after the grace and not before, whatever it sends meanwhile", async () => {
    rig.session.end("shutdown");
    for (let passed = 0; passed < GRACE_MS - 1; passed += 1) {
      if (passed % 100 === 0) rig.socket.push(piece(9));
      rig.clock.advance(1);
    }
    await nextTurn();
    expect(rig.closed).toBe(0);
    rig.clock.advance(1);
    await nextTurn();
    expect(rig.closed).toBe(1);
  });

  it("cuts a peer off that closed its side and does not take what is left", async () => {
    queue(7);
    rig.connection.flush();
    rig.socket.push(null);
    await nextTurn();
    expect(rig.closed).toBe(0);
    rig.clock.advance(GRACE_MS);
    await nextTurn();
    expect(rig.closed).toBe(1);
  });

  it("cuts a peer off that does not take what is left", async () => {
    queue(7);
    rig.session.end("shutdown");
    rig.clock.advance(GRACE_MS);
    await nextTurn();
    expect(rig.closed).toBe(1);
  });

  it("of a socket that is gone starts no timer", () => {
    rig.socket.destroy();
    rig.session.end("shutdown");
    expect(rig.clock.pending).toBe(0);
  });
});
