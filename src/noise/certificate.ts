/** The certificate that binds a pool's static key to its authority key. SV2 §4.5.2, §4.5.3. */

import { schnorr } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ByteReader } from "../core/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { concatBytes } from "../core/bytes.ts";
import { NoiseError } from "./errors.ts";

/** Length of SIGNATURE_NOISE_MESSAGE: version, two times, signature. */
export const CERTIFICATE_BYTES = 74;

const CERTIFICATE_VERSION = 0;
/**
 * How far outside of a certificate's time a miner's clock may be: clocks differ, and some pools sign one for each handshake
 * without backdating it. The SRI translator allows as much.
 */
export const MAX_CLOCK_DRIFT_SECONDS = 10;

/** version, valid_from, not_valid_after: what is signed, before the key. */
const SIGNED_FIELDS_BYTES = 10;

/** Times are in seconds since the Unix epoch; all keys have 32 bytes. @returns SIGNATURE_NOISE_MESSAGE. */
export function issueCertificate(options: {
  readonly authoritySecretKey: Uint8Array;
  readonly staticPublicKeyX: Uint8Array;
  readonly validFrom: number;
  readonly notValidAfter: number;
}): Uint8Array {
  const fields = new ByteWriter(SIGNED_FIELDS_BYTES)
    .u16(CERTIFICATE_VERSION)
    .u32(options.validFrom)
    .u32(options.notValidAfter)
    .finish();
  const digest = sha256(concatBytes(fields, options.staticPublicKeyX));
  return concatBytes(fields, schnorr.sign(digest, options.authoritySecretKey));
}

export type Certificate = {
  readonly version: number;
  /** Seconds since the Unix epoch, both. */
  readonly validFrom: number;
  readonly notValidAfter: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
};

/** What a SIGNATURE_NOISE_MESSAGE says, unchecked. */
export function readCertificate(message: Uint8Array): Certificate {
  const reader = new ByteReader(message);
  return { version: reader.u16(), validFrom: reader.u32(), notValidAfter: reader.u32(), signature: reader.take(64) };
}

/**
 * Checks a SIGNATURE_NOISE_MESSAGE against the static key of the handshake, and its time with that much of grace.
 * @param options.authorityPublicKey 32 bytes; undefined leaves the signature unchecked.
 * @throws {NoiseError} `certificate-version`, `certificate-not-yet-valid`, `certificate-expired`,
 * `certificate-signature`.
 */
export function verifyCertificate(options: {
  readonly message: Uint8Array;
  readonly staticPublicKeyX: Uint8Array;
  readonly authorityPublicKey: Uint8Array | undefined;
  readonly nowSeconds: number;
}): void {
  const { message, authorityPublicKey, nowSeconds } = options;
  const { version, validFrom, notValidAfter, signature } = readCertificate(message);
  if (version !== CERTIFICATE_VERSION) {
    throw new NoiseError(
      "certificate-version",
      `the pool's certificate has version ${version}; 0 is known: update the miner`,
    );
  }
  if (nowSeconds < validFrom - MAX_CLOCK_DRIFT_SECONDS) {
    const seconds = validFrom - nowSeconds;
    throw new NoiseError(
      "certificate-not-yet-valid",
      `the pool's certificate is valid only in ${seconds} s: check the clock`,
    );
  }
  if (nowSeconds > notValidAfter + MAX_CLOCK_DRIFT_SECONDS) {
    const seconds = nowSeconds - notValidAfter;
    throw new NoiseError("certificate-expired", `the pool's certificate expired ${seconds} s ago: check the clock`);
  }
  if (authorityPublicKey === undefined) return;
  const digest = sha256(concatBytes(message.subarray(0, SIGNED_FIELDS_BYTES), options.staticPublicKeyX));
  if (!schnorr.verify(signature, digest, authorityPublicKey)) {
    throw new NoiseError(
      "certificate-signature",
      "the pool's certificate is not signed by the authority key in the URL: take the URL again from where the pool shows it",
    );
  }
}
