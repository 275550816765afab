import { describe, expect, it } from "vitest";
import { isServerOnly } from "../../src/session/server-only-messages.ts";
import type { SeededRandom } from "../../src/templates/simulated-transactions.ts";
import { CloseChannel, OpenExtendedMiningChannel, OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { eachCase } from "../support/drawn-cases.ts";
import { chunked, hostileBytes, pick } from "../wire/hostile-bytes.ts";
import { OPEN, PoolHarness, SessionHarness } from "./session-fixture.ts";

/** The codes of docs/errors.md for what a peer's bytes can do. */
const PEERS_FAULTS = new Set(
  [
    "setup-expected",
    "second-setup",
    "server-only-message",
    "malformed-share",
    "malformed-message",
    "truncated-data",
    "frame-too-long",
    "too-many-extension-bytes",
    "bad-mac",
  ].map((code) => `protocol:${code}`),
);

const pool = PoolHarness.withWork();

/** A session that was set up, with or without channels. */
function opened(random: SeededRandom): SessionHarness {
  const session = new SessionHarness(pool).setup();
  if (random.next() % 2 === 0) return session;
  session.send(OpenStandardMiningChannel, OPEN);
  return session.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 4 });
}

/** Of a message that a client may send, nine times of ten: all others end a session at once. */
function clientBytes(random: SeededRandom): Uint8Array {
  const anything = random.next() % 10 === 0;
  for (;;) {
    const bytes = hostileBytes(random);
    if (anything || !isServerOnly({ extensionType: 0, msgType: bytes[2] ?? 0 })) return bytes;
  }
}

/** Hostile bytes come until the session ends, a few times at most. @returns why it ended. */
function attack(random: SeededRandom, session: SessionHarness, times: number): string | undefined {
  for (let round = 0; round < times && session.ended === undefined; round += 1) {
    for (const chunk of chunked(random, clientBytes(random))) session.receive(chunk);
    pool.pool.flushShares();
  }
  return session.ended;
}

function expectPeersFault(session: SessionHarness, counts: Map<string, number>): void {
  const reason = session.ended ?? "lives on";
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
  if (session.ended === undefined || session.ended === "setup-refused" || PEERS_FAULTS.has(session.ended)) return;
  throw new Error(`the session ended with ${session.ended}`, { cause: session.error });
}

describe("a session that is sent hostile bytes", () => {
  it("ends with the peer's fault or lives on, and leaves nothing behind", () => {
    const counts = new Map<string, number>();
    eachCase(8_000, (random) => {
      const session = opened(random);
      attack(random, session, 8);
      expectPeersFault(session, counts);
      session.session.end("peer-closed");
      expect(pool.pool.openChannels).toBe(0);
      pool.outcomes.length = 0;
    });
    const all = ["server-only-message", "malformed-message", "malformed-share", "truncated-data", "frame-too-long"];
    expect([...counts.keys()]).toEqual(expect.arrayContaining(["lives on", ...all.map((code) => `protocol:${code}`)]));
  });

  it("as its first ones ends with the peer's fault or waits for more", () => {
    const counts = new Map<string, number>();
    eachCase(2_000, (random) => {
      const session = new SessionHarness(pool);
      // Plaintext from the first byte on: a handshake is another test's, and takes a thousand times as long.
      session.receive(new Uint8Array([0, pick(random, [0, 0x80]), 0]));
      session.receive(new Uint8Array([random.between(16, 255)]));
      session.receive(new Uint8Array([random.between(0, 4), 0]));
      attack(random, session, 3);
      expectPeersFault(session, counts);
      session.session.end("peer-closed");
    });
    expect([...counts.keys()]).toContain("protocol:truncated-data");
  });
});

describe("other sessions, while one is sent hostile bytes", () => {
  it("live on and are answered", () => {
    const other = new SessionHarness(pool).setup();
    other.frames();
    eachCase(300, (random) => {
      const attacker = opened(random);
      attack(random, attacker, 8);
      other.send(OpenStandardMiningChannel, { ...OPEN, request_id: 9 });
      const [answer] = other.frames();
      expect(answer?.header.msgType).toBe(0x11);
      const channelId = new DataView((answer?.payload ?? new Uint8Array(8)).buffer).getUint32(4, true);
      other.send(CloseChannel, { channel_id: channelId, reason_code: "" });
      expect(other.ended).toBeUndefined();
      attacker.session.end("peer-closed");
    });
  });
});
