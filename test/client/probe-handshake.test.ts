import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { generateKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { NOW_MS, NOW_SECONDS, ProbeRig, type RigOptions } from "./probe-rig.ts";
import { authorityPublicKeyOf, identityAround, responderOf, type ScriptedIdentity } from "./scripted-pool.ts";

const IDENTITY: ScriptedIdentity = identityAround(NOW_MS);

/** A probe that has sent what begins its handshake, and the pool's answer to that. */
function answered(
  identity: ScriptedIdentity = IDENTITY,
  options: RigOptions = {},
): { readonly rig: ProbeRig; readonly actTwo: Uint8Array } {
  const responder = responderOf(identity);
  const rig = new ProbeRig({ responder, authorityPublicKey: authorityPublicKeyOf(IDENTITY), ...options });
  rig.after(3).connected();
  return { rig, actTwo: responder.readActOne(concatBytes(...rig.sent)) };
}

const FACTS = { version: 0, validFrom: "2023-11-14T21:13:20.000Z", notValidAfter: "2023-11-14T23:13:20.000Z" };

describe("a probe over Noise", () => {
  it("tells of the handshake and of the certificate, that it is signed by the URL's key, and goes on", () => {
    const { rig, actTwo } = answered();
    rig.after(40).bytes(actTwo);
    expect(rig.events.slice(1)).toEqual([
      { step: "handshake", ok: true, ms: 40, notes: [] },
      {
        step: "certificate",
        ok: true,
        ms: 0,
        notes: [],
        ...FACTS,
        clockDriftSeconds: 0,
        secondsLeft: 3_600,
        signature: "valid",
      },
    ]);
    // SetupConnection is on its way.
    expect(rig.sent).toHaveLength(2);
  });

  it("takes the answer in whatever pieces it comes", () => {
    const { rig, actTwo } = answered();
    for (const byte of actTwo) rig.bytes(new Uint8Array([byte]));
    expect(rig.facts("certificate")).toMatchObject({ ok: true });
  });

  it("says that it did not check the signature where the URL has no key", () => {
    const { rig, actTwo } = answered(IDENTITY, { authorityPublicKey: undefined });
    rig.bytes(actTwo);
    expect(rig.facts("certificate")).toMatchObject({ ok: true, signature: "not-checked" });
    expect(rig.notes).toEqual(["the URL has no key, so it was not checked who signed the certificate"]);
  });

  const hour = 3_600;
  it.each([
    [
      "certificate-expired",
      { notValidAfter: NOW_SECONDS - 15 },
      { clockDriftSeconds: 15, secondsLeft: -15 },
      "expired 15 s ago",
    ],
    [
      "certificate-not-yet-valid",
      { validFrom: NOW_SECONDS + 19 },
      { clockDriftSeconds: -19, secondsLeft: hour },
      "is valid only in 19 s",
    ],
    [
      "certificate-signature",
      { authoritySecretKey: generateKeyPair().secretKey },
      { signature: "not-valid", clockDriftSeconds: 0 },
      "is not signed by the authority key in the URL",
    ],
  ])("names a certificate that is wrong, and shows what it says: %s", (code, fields, facts, sentence) => {
    const { rig, actTwo } = answered({ ...IDENTITY, ...fields });
    rig.bytes(actTwo);
    expect(rig.failure).toMatch(`certificate: ${code}: the pool's certificate ${sentence}`);
    expect(rig.facts("handshake")).toMatchObject({ ok: true });
    expect(rig.events.at(-1)).toMatchObject({ step: "certificate", certificate: facts });
    // Nothing was said to such a pool.
    expect(rig.sent).toHaveLength(1);
  });

  it("is at the certificate's bounds still inside", () => {
    for (const fields of [{ notValidAfter: NOW_SECONDS }, { validFrom: NOW_SECONDS }]) {
      const { rig, actTwo } = answered({ ...IDENTITY, ...fields });
      expect(rig.bytes(actTwo).facts("certificate")).toMatchObject({ ok: true, clockDriftSeconds: 0 });
      expect(rig.notes).toEqual([]);
    }
  });

  it("notes a clock that is outside of the certificate's time by no more than a miner allows", () => {
    for (const [fields, clockDriftSeconds] of [
      [{ notValidAfter: NOW_SECONDS - 10 }, 10],
      [{ validFrom: NOW_SECONDS + 10 }, -10],
    ] as const) {
      const { rig, actTwo } = answered({ ...IDENTITY, ...fields });
      expect(rig.bytes(actTwo).facts("certificate")).toMatchObject({ ok: true, clockDriftSeconds });
      expect(rig.notes).toEqual([
        "this machine's clock is outside of the certificate's time, by so little that not every miner minds",
      ]);
    }
  });

  it("looks at the clock when the certificate has come: some pools sign one for each handshake", () => {
    const { rig, actTwo } = answered({ ...IDENTITY, validFrom: NOW_SECONDS + 19 });
    expect(rig.after(18_997).bytes(actTwo).facts("certificate")).toMatchObject({ ok: true, clockDriftSeconds: 0 });
  });

  it("finds an answer that is none, though it is as long", () => {
    const { rig } = answered();
    rig.bytes(xOnlyPublicKey(generateKeyPair().secretKey)).bytes(new Uint8Array(234 - 32).fill(0xee));
    expect(rig.failure).toBe(
      "handshake: unexpected-message: pool.example:3334 did not answer with the handshake of an encrypted connection: " +
        "check that a Stratum V2 pool listens there, and its port in the URL",
    );
  });
});

const JSON_ANSWER = '{"id":null,"result":null,"error":[-3,"Invalid request",null]}\n';

describe.each([true, false])("a server that is no pool of Stratum V2, in plaintext: %s", (plaintext) => {
  const connected = (): ProbeRig =>
    plaintext ? new ProbeRig().connected() : new ProbeRig({ responder: responderOf(IDENTITY) }).connected();
  const step = plaintext ? "setup" : "handshake";

  it.each([
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["JSON, as Stratum V1 does", JSON_ANSWER],
    ["text", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"],
    ["TLS", new Uint8Array([21, 3, 1, 0, 2, 2, 50])],
  ])("is named by what it answers with: %s", (what, answer) => {
    expect(connected().bytes(answer).failure).toBe(
      `${step}: unexpected-message: pool.example:3334 is no Stratum V2 server, it answers with ${what}: check the port in the URL`,
    );
  });

  it("is named though its answer comes in pieces", () => {
    const rig = connected();
    rig.bytes(JSON_ANSWER.slice(0, 20));
    expect(rig.done?.error?.message ?? "nothing").not.toContain("JSON");
  });
});

describe("a pool that does not answer", () => {
  const noise = (): ProbeRig => new ProbeRig({ responder: responderOf(IDENTITY) });
  const CASES: readonly (readonly [string, () => ProbeRig, RegExp, RegExp])[] = [
    [
      "at all",
      noise,
      /^connect: connect-failed: no answer from pool\.example:3334 within 7 s: check host and port/,
      /^connect: connect-failed: cannot connect to pool\.example:3334 \(ECONNRESET\): check that the pool runs/,
    ],
    [
      "in the handshake",
      () => noise().connected().bytes(new Uint8Array(100).fill(0xee)),
      /^handshake: connect-failed: pool\.example:3334 takes connections, but did not answer within 7 s: check that a Strat/,
      /^handshake: connect-failed: pool\.example:3334 closed the connection during the handshake: check that a Strat/,
    ],
    [
      "to the setup in plaintext",
      () => new ProbeRig().connected(),
      /^setup: connect-failed: .* did not answer within 7 s: check that a pool listens there and takes plaintext from here/,
      /^setup: connect-failed: .* closed the connection without an answer: check that a pool listens there and takes pl/,
    ],
    [
      "to the setup",
      () => {
        const { rig, actTwo } = answered();
        return rig.bytes(actTwo);
      },
      /^setup: connect-failed: .* did not answer within 7 s: the pool may be full or about to stop/,
      /^setup: connect-failed: .* closed the connection without an answer: the pool may be full or about to stop/,
    ],
    [
      "to the request for a channel",
      () => new ProbeRig().setUp(),
      /^channel: pool-silent: .* did not send an answer to the request for a channel within 7 s: it may have no work/,
      /^channel: connection-lost: .* closed the connection in place of an answer to the request for a channel: ask/,
    ],
    [
      "with a job",
      () => new ProbeRig().setUp().opened(),
      /^job: pool-silent: .* did not send a job and the SetNewPrevHash that starts it within 7 s: its node may be away/,
      /^job: connection-lost: .* closed the connection in place of a job and the SetNewPrevHash that starts it: ask/,
    ],
  ];

  it.each(CASES)("%s in time is named by the step", (_what, act, expected) => {
    const rig = act();
    rig.after(7_000).probe.timedOut(rig.now);
    expect(rig.failure).toMatch(expected);
    expect(rig.events.at(-1)).toMatchObject({ ms: 7_000 });
  });

  it.each(CASES)("%s but closes or breaks is named by the step", (_what, act, _timeout, expected) => {
    const rig = act();
    rig.probe.ended(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), rig.now);
    expect(rig.failure).toMatch(expected);
  });
});
