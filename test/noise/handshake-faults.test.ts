import { describe, expect, it } from "vitest";
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { issueCertificate } from "../../src/noise/certificate.ts";
import { type EllswiftKeyPair, ellswiftKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { NoiseInitiator, NoiseResponder } from "../../src/noise/handshake-state.ts";
import { flipped, refusal } from "./noise-fixture.ts";

const FROM = 1_700_000_000;
const AFTER = 1_700_003_600;
const AUTHORITY_SECRET = fromHex("a1".repeat(32));
const AUTHORITY = xOnlyPublicKey(AUTHORITY_SECRET);
const STATIC = ellswiftKeyPair(fromHex("57".repeat(32)));
const EPHEMERAL = ellswiftKeyPair(fromHex("0e".repeat(32)));
const OTHER = ellswiftKeyPair(fromHex("99".repeat(32)));

const certificateFor = (pair: EllswiftKeyPair, authoritySecretKey: Uint8Array): Uint8Array =>
  issueCertificate({
    authoritySecretKey,
    staticPublicKeyX: xOnlyPublicKey(pair.secretKey),
    validFrom: FROM,
    notValidAfter: AFTER,
  });
const CERTIFICATE = certificateFor(STATIC, AUTHORITY_SECRET);

type Changes = Partial<ConstructorParameters<typeof NoiseInitiator>[0]>;

/** The same ephemeral key each time, so that one act two fits every initiator. */
const newInitiator = (changes: Changes = {}): NoiseInitiator =>
  new NoiseInitiator({
    authorityPublicKey: AUTHORITY,
    nowSeconds: FROM,
    generateKeyPair: () => EPHEMERAL,
    ...changes,
  });

const newResponder = (staticKeyPair = STATIC, certificate = CERTIFICATE): NoiseResponder =>
  new NoiseResponder({ staticKeyPair, certificate });

const ACT_ONE = newInitiator().writeActOne();
const ACT_TWO = newResponder().readActOne(ACT_ONE);

/** An initiator that has sent act one, and what reading act two does. */
function reading(actTwo: Uint8Array, changes: Changes = {}): { initiator: NoiseInitiator; read: () => void } {
  const initiator = newInitiator(changes);
  initiator.writeActOne();
  return { initiator, read: () => initiator.readActTwo(actTwo) };
}

describe("act two", () => {
  it("unchanged is accepted", () => {
    expect(reading(ACT_TWO).read).not.toThrow();
  });

  it.each([
    ["the ephemeral key", 0, 64],
    ["the sealed static key", 64, 128],
    ["the static key's MAC", 128, 144],
    ["the sealed certificate", 144, 218],
    ["the certificate's MAC", 218, 234],
  ])("is refused with a bit of %s turned, whichever of bytes %d to %d", (_, start, end) => {
    for (let index = start; index < end; index += 1) {
      const { initiator, read } = reading(flipped(ACT_TWO, index));
      refusal(read, "bad-mac");
      refusal(() => initiator.transport(), "handshake-failed");
    }
  });

  it.each([0, 1, 64, 144, 170, 233, 235])("of %d bytes is refused", (length) => {
    const bytes = concatBytes(ACT_TWO, Uint8Array.of(0)).subarray(0, length);
    const { initiator, read } = reading(bytes);
    const error = refusal(read, "handshake-failed");
    expect(error.message).toContain(`has ${length} bytes instead of 234`);
    refusal(() => initiator.transport(), "handshake-failed");
  });

  it("that answers another act one is refused", () => {
    const { initiator } = reading(ACT_TWO, { generateKeyPair: () => OTHER });
    refusal(() => initiator.readActTwo(ACT_TWO), "bad-mac");
  });

  it("is refused from a responder that does not hold the static key that it shows", () => {
    const stolen = { secretKey: OTHER.secretKey, ellswift: STATIC.ellswift };
    refusal(reading(newResponder(stolen).readActOne(ACT_ONE)).read, "bad-mac");
  });

  it("once refused is not accepted by the same initiator afterwards", () => {
    const { initiator, read } = reading(flipped(ACT_TWO, 230));
    refusal(read, "bad-mac");
    refusal(() => initiator.readActTwo(ACT_TWO), "bad-mac");
    refusal(() => initiator.transport(), "handshake-failed");
  });
});

describe("act one", () => {
  it("is answered with any one bit turned, and the initiator refuses each answer", () => {
    for (let index = 0; index < 64; index += 1) {
      const actTwo = newResponder().readActOne(flipped(ACT_ONE, index));
      expect(actTwo).toHaveLength(234);
      refusal(reading(actTwo).read, "bad-mac");
    }
  });

  it.each(["00", "ff"])("of 64 bytes %s is a key like any other", (byte) => {
    expect(newResponder().readActOne(fromHex(byte.repeat(64)))).toHaveLength(234);
  });

  it.each([0, 1, 32, 63, 65])("of %d bytes is refused", (length) => {
    const responder = newResponder();
    const bytes = concatBytes(ACT_ONE, Uint8Array.of(0)).subarray(0, length);
    const error = refusal(() => responder.readActOne(bytes), "handshake-failed");
    expect(error.message).toContain(`has ${length} bytes instead of 64`);
    refusal(() => responder.transport(), "handshake-failed");
  });
});

describe("the certificate in act two", () => {
  const refused = (actTwo: Uint8Array, changes: Changes, code: Parameters<typeof refusal>[1]): void => {
    const { initiator, read } = reading(actTwo, changes);
    refusal(read, code);
    refusal(() => initiator.transport(), "handshake-failed");
  };

  it("is refused when another authority signed it", () => {
    const byOther = newResponder(STATIC, certificateFor(STATIC, OTHER.secretKey)).readActOne(ACT_ONE);
    refused(byOther, {}, "certificate-signature");
    refused(ACT_TWO, { authorityPublicKey: xOnlyPublicKey(OTHER.secretKey) }, "certificate-signature");
  });

  it("is refused when it was issued for another static key", () => {
    refused(newResponder(OTHER).readActOne(ACT_ONE), {}, "certificate-signature");
  });

  it("is accepted with another encoding of the static key: its x is what is signed", () => {
    const again = ellswiftKeyPair(STATIC.secretKey);
    expect(reading(newResponder(again).readActOne(ACT_ONE)).read).not.toThrow();
  });

  it("is accepted up to ten seconds outside of its time, and refused further away", () => {
    for (const nowSeconds of [FROM - 10, AFTER + 10]) expect(reading(ACT_TWO, { nowSeconds }).read).not.toThrow();
    refused(ACT_TWO, { nowSeconds: FROM - 11 }, "certificate-not-yet-valid");
    refused(ACT_TWO, { nowSeconds: AFTER + 11 }, "certificate-expired");
  });

  it("is refused with another version", () => {
    refused(newResponder(STATIC, flipped(CERTIFICATE, 0)).readActOne(ACT_ONE), {}, "certificate-version");
  });

  it("may be signed by anyone where no authority is given, but has to be valid now", () => {
    const byOther = newResponder(STATIC, certificateFor(STATIC, OTHER.secretKey)).readActOne(ACT_ONE);
    expect(reading(byOther, { authorityPublicKey: undefined }).read).not.toThrow();
    refused(byOther, { authorityPublicKey: undefined, nowSeconds: AFTER + 11 }, "certificate-expired");
  });
});
