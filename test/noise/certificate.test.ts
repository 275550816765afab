import { createHash } from "node:crypto";
import { schnorr } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { CERTIFICATE_BYTES, issueCertificate, verifyCertificate } from "../../src/noise/certificate.ts";
import { xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { flipped, readVectors, refusal } from "./noise-fixture.ts";

const AUTHORITY_SECRET = fromHex("a1".repeat(32));
const AUTHORITY = xOnlyPublicKey(AUTHORITY_SECRET);
const STATIC_X = xOnlyPublicKey(fromHex("57".repeat(32)));
const FROM = 0x65_54_32_10;
const AFTER = 0x65_54_32_ff;
/** version 0, valid_from and not_valid_after in little-endian. */
const FIELDS = "0000" + "10325465" + "ff325465";

const issue = (): Uint8Array =>
  issueCertificate({
    authoritySecretKey: AUTHORITY_SECRET,
    staticPublicKeyX: STATIC_X,
    validFrom: FROM,
    notValidAfter: AFTER,
  });

type Changes = Partial<Parameters<typeof verifyCertificate>[0]>;

/** Verifies at `nowSeconds`, with one or the other thing changed. */
function verifyAt(nowSeconds: number, changes: Changes = {}): () => void {
  const certificate = { message: issue(), staticPublicKeyX: STATIC_X, authorityPublicKey: AUTHORITY, nowSeconds };
  return () => verifyCertificate({ ...certificate, ...changes });
}

/** A message with those fields, signed by the authority as §4.5.3.1 says. */
function signed(fields: string): Uint8Array {
  const digest = createHash("sha256")
    .update(concatBytes(fromHex(fields), STATIC_X))
    .digest();
  return concatBytes(fromHex(fields), schnorr.sign(digest, AUTHORITY_SECRET));
}

describe("SIGNATURE_NOISE_MESSAGE", () => {
  it("has 74 bytes: version, valid_from, not_valid_after, signature", () => {
    const message = issue();
    expect(message).toHaveLength(74);
    expect(CERTIFICATE_BYTES).toBe(74);
    expect(toHex(message.subarray(0, 10))).toBe(FIELDS);
  });

  it("carries a BIP340 signature of SHA-256(version, times, static key's x) by the authority", () => {
    const digest = createHash("sha256")
      .update(concatBytes(fromHex(FIELDS), STATIC_X))
      .digest();
    expect(schnorr.verify(issue().subarray(10), digest, AUTHORITY)).toBe(true);
  });

  it("as BIP324's and BIP340's reference code makes it, is accepted", () => {
    const vector = readVectors<{
      readonly certificate: string;
      readonly static: { readonly x: string };
      readonly authority: { readonly publicKey: string };
      readonly validFrom: number;
    }>("noise-handshake.json");
    verifyCertificate({
      message: fromHex(vector.certificate),
      staticPublicKeyX: fromHex(vector.static.x),
      authorityPublicKey: fromHex(vector.authority.publicKey),
      nowSeconds: vector.validFrom,
    });
    expect(vector.certificate.slice(0, 20)).toBe("0000" + "00f15365" + "80425565");
  });

  it("is refused for times that a u32 does not hold", () => {
    const keys = { authoritySecretKey: AUTHORITY_SECRET, staticPublicKeyX: STATIC_X };
    expect(() => issueCertificate({ ...keys, validFrom: -1, notValidAfter: AFTER })).toThrow(RangeError);
    expect(() => issueCertificate({ ...keys, validFrom: FROM, notValidAfter: 2 ** 32 })).toThrow(RangeError);
    const last = issueCertificate({ ...keys, validFrom: 0, notValidAfter: 2 ** 32 - 1 });
    expect(toHex(last.subarray(0, 10))).toBe("0000" + "00000000" + "ffffffff");
  });
});

describe("a certificate's validity", () => {
  it("begins ten seconds before valid_from, for clocks that are behind", () => {
    expect(verifyAt(FROM - 10)).not.toThrow();
    const error = refusal(verifyAt(FROM - 11), "certificate-not-yet-valid");
    expect(error.message).toContain("valid only in 11 s: check the clock");
  });

  it("ends ten seconds after not_valid_after, for clocks that are ahead", () => {
    expect(verifyAt(AFTER + 10)).not.toThrow();
    const error = refusal(verifyAt(AFTER + 11), "certificate-expired");
    expect(error.message).toContain("expired 11 s ago: check the clock");
  });

  it("can be one second long, and of none when its ends are crossed by more than clocks may differ", () => {
    const second = { message: signed(`0000${"10325465"}${"10325465"}`) };
    expect(verifyAt(FROM, second)).not.toThrow();
    refusal(verifyAt(FROM - 11, second), "certificate-not-yet-valid");
    refusal(verifyAt(FROM + 11, second), "certificate-expired");
    refusal(verifyAt(FROM, { message: signed(`0000${"10325465"}${"05325465"}`) }), "certificate-expired");
  });

  it("is that of unsigned 32-bit times, past 2038", () => {
    const late = { message: signed(`0000${"000000f0"}${"ffffffff"}`) };
    expect(verifyAt(0xf000_0000, late)).not.toThrow();
    expect(verifyAt(0xffff_ffff, late)).not.toThrow();
    refusal(verifyAt(0xf000_0000 - 11, late), "certificate-not-yet-valid");
    refusal(verifyAt(0xffff_ffff + 11, late), "certificate-expired");
  });
});

describe("a certificate's version", () => {
  it.each([
    ["0100", 1],
    ["0001", 256],
    ["ffff", 65535],
  ])("%s is refused, also when the authority signed it", (bytes, version) => {
    const error = refusal(verifyAt(FROM, { message: signed(bytes + FIELDS.slice(4)) }), "certificate-version");
    expect(error.message).toContain(`has version ${version}`);
  });
});

describe("a certificate's signature", () => {
  it("is refused with any one bit of the signature turned", () => {
    const message = issue();
    for (let index = 10; index < message.length; index += 1) {
      refusal(verifyAt(FROM, { message: flipped(message, index) }), "certificate-signature");
    }
  });

  it("is refused over other times", () => {
    const message = issue();
    const longer = concatBytes(fromHex(`0000${"10325465"}${"ff3254ff"}`), message.subarray(10));
    refusal(verifyAt(AFTER + 11, { message: longer }), "certificate-signature");
    const earlier = concatBytes(fromHex(`0000${"00000000"}${"ff325465"}`), message.subarray(10));
    refusal(verifyAt(FROM - 11, { message: earlier }), "certificate-signature");
  });

  it("is refused for another static key and by another authority", () => {
    const other = xOnlyPublicKey(fromHex("99".repeat(32)));
    refusal(verifyAt(FROM, { staticPublicKeyX: other }), "certificate-signature");
    const error = refusal(verifyAt(FROM, { authorityPublicKey: other }), "certificate-signature");
    expect(error.message).toContain("not signed by the authority key in the URL");
  });

  it("is not checked where the authority is not known; version and times are", () => {
    const message = flipped(issue(), 73);
    const unknown = { message, authorityPublicKey: undefined };
    expect(verifyAt(FROM, unknown)).not.toThrow();
    refusal(verifyAt(FROM - 11, unknown), "certificate-not-yet-valid");
    refusal(verifyAt(AFTER + 11, unknown), "certificate-expired");
    refusal(verifyAt(FROM, { ...unknown, message: flipped(message, 0) }), "certificate-version");
  });

  it("of any issued certificate is accepted while that is valid", () => {
    const seconds = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(seconds, seconds, seconds, (...times) => {
        const [validFrom = 0, nowSeconds = 0, notValidAfter = 0] = times.sort((a, b) => a - b);
        const keys = { authoritySecretKey: AUTHORITY_SECRET, staticPublicKeyX: STATIC_X };
        const message = issueCertificate({ ...keys, validFrom, notValidAfter });
        expect(verifyAt(nowSeconds, { message })).not.toThrow();
      }),
      { numRuns: 15 },
    );
  });
});
