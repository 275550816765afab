import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { CERTIFICATE_BYTES, verifyCertificate } from "../../src/noise/certificate.ts";
import { ellswiftKeyPair, generateKeyPair, xOnlyOf, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { NoiseInitiator } from "../../src/noise/handshake-state.ts";
import { NoiseIdentity } from "../../src/server/noise-identity.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { StratumBench } from "./stratum-bench.ts";

const HOUR_SECONDS = 3_600;
const HOUR_MS = 3_600_000;

const authority = generateKeyPair();
const staticKeyPair = ellswiftKeyPair(generateKeyPair().secretKey);
const authorityPublicKey = xOnlyPublicKey(authority.secretKey);
const staticPublicKeyX = xOnlyOf(staticKeyPair.ellswift);

let clock: ManualClock;
let logger: RecordingLogger;
let identity: NoiseIdentity;
beforeEach(() => {
  clock = new ManualClock();
  logger = new RecordingLogger();
  identity = new NoiseIdentity({ authoritySecretKey: authority.secretKey, staticKeyPair }, { logger, clock });
});

const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

/** Throws where a client, whose clock is off by so much, would not take the pool's certificate of this moment. */
function verify(offSeconds = 0): void {
  const message = identity.certificate();
  verifyCertificate({ message, staticPublicKeyX, authorityPublicKey, nowSeconds: nowSeconds() + offSeconds });
}

/** A handshake as a miner makes it, with its own view of the time. */
function handshake(): void {
  const initiator = new NoiseInitiator({ authorityPublicKey, nowSeconds: nowSeconds() });
  const responder = identity.createResponder();
  initiator.readActTwo(responder.readActOne(initiator.writeActOne()));
  const frame = new Uint8Array([0, 0, 0x7e, 1, 0, 0, 9]);
  const seen: number[] = [];
  initiator.transport().reader.push(responder.transport().sealer.seal(frame), ({ msgType }) => seen.push(msgType));
  expect(seen).toEqual([0x7e]);
}

describe("the pool's certificate", () => {
  it("is signed by the authority key, for the static key, and valid from an hour before to a day after", () => {
    expect(identity.certificate()).toHaveLength(CERTIFICATE_BYTES);
    verify();
    verify(-HOUR_SECONDS);
    expect(() => verify(-HOUR_SECONDS - 11)).toThrow(/valid only in 11 s/);
    verify(24 * HOUR_SECONDS);
    expect(() => verify(24 * HOUR_SECONDS + 11)).toThrow(/expired 11 s ago/);
  });

  it("is the same until half of its time is over, and another from that second on", () => {
    const first = toHex(identity.certificate());
    clock.advance(11.5 * HOUR_MS - 1_000);
    expect(toHex(identity.certificate())).toBe(first);
    clock.advance(1_000);
    expect(toHex(identity.certificate())).not.toBe(first);
  });

  it("is renewed while the pool runs: at any hour of four days a miner takes it, one whose clock is off by an hour too", () => {
    const seen = new Set<string>();
    for (let hour = 0; hour < 96; hour += 1) {
      verify(-HOUR_SECONDS);
      verify(12 * HOUR_SECONDS);
      seen.add(toHex(identity.certificate()));
      clock.advance(HOUR_MS);
    }
    expect(seen.size).toBe(8);
  });

  it("is made anew when the clock was set back, so that miners whose clocks are behind take it still", () => {
    const first = toHex(identity.certificate());
    expect(toHex(identity.certificate())).toBe(first);
    clock.jump(-1_000);
    verify(-HOUR_SECONDS);
    expect(toHex(identity.certificate())).not.toBe(first);
  });

  it("is there on a machine that does not know the time yet", () => {
    clock.jump(-clock.nowMs());
    verify();
    clock.advance(HOUR_MS - 1_000);
    verify();
  });
});

describe("over a week", () => {
  /** What the operator or a time server does to the clock, each day at noon. */
  const JUMPS: readonly (readonly [string, readonly number[]])[] = [
    ["the clock is let alone", []],
    ["the clock is set back by hours", [-1, -2, -5, -12, -11, -23, -1]],
    ["the clock is set back by days", [-24, -48, -240, -24, -1_000, -24, -24]],
    ["the clock is set forward by hours", [1, 2, 5, 11, 12, 13, 23]],
    ["the clock is set forward by days", [24, 25, 48, 240, 1_000, 24, 30]],
    ["the clock is set to and fro", [30, -30, 12, -24, 720, -719, 1]],
  ];

  it.each(JUMPS)(
    "each hour's certificate and each noon's handshake is good, for miners whose clocks are off by an hour too: %s",
    (_, jumps) => {
      for (let hour = 0; hour < 7 * 24; hour += 1) {
        if (hour % 24 === 12) clock.jump((jumps[(hour - 12) / 24] ?? 0) * HOUR_MS);
        // The authority key and the static key are the same each time: `verify` and the initiator know no others.
        if (hour % 24 === 12) handshake();
        verify(-HOUR_SECONDS);
        verify(HOUR_SECONDS);
        clock.advance(HOUR_MS);
      }
    },
  );

  it("each renewal is said once, with the times of the certificate, and the first one not at all", () => {
    identity.createResponder();
    expect(logger.lines).toEqual([]);
    for (let hour = 0; hour < 7 * 24; hour += 1) {
      clock.advance(HOUR_MS);
      identity.createResponder();
      identity.createResponder();
    }
    const renewals = logger.of("certificate renewed");
    expect(renewals).toHaveLength(14);
    expect(logger.lines).toHaveLength(14);
    expect(logger.lines[0]?.level).toBe("info");
    // 2023-11-14T22:13:20Z is when the clock begins.
    expect(renewals[0]).toEqual({
      validFrom: "2023-11-15T09:13:20.000Z",
      notValidAfter: "2023-11-16T10:13:20.000Z",
    });
  });
});

describe("handshakes with the pool", () => {
  it("succeed over days, with the same static key under each certificate", () => {
    for (let day = 0; day < 3; day += 1) {
      handshake();
      clock.advance(24 * HOUR_MS);
    }
  });

  it("each have a responder of their own", () => {
    expect(identity.createResponder()).not.toBe(identity.createResponder());
  });
});

describe("a port that is open for days", () => {
  it("gives each miner a certificate of that day, with no restart", async () => {
    const bench = await StratumBench.start();
    for (let day = 0; day < 3; day += 1) {
      const peer = await (await bench.join({ encrypted: true })).ready();
      await peer.setUp();
      bench.clock.advance(24 * HOUR_MS);
    }
  });
});
