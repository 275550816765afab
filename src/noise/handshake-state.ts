/**
 * The two sides of the handshake, Noise_NX with a certificate: the initiator is a miner, the responder the pool.
 * SV2 §4.5. Act two has 234 bytes: 64 for the ephemeral key, 80 for the static one, 90 for the certificate.
 */

import { concatBytes } from "../core/bytes.ts";
import type { Receiver } from "../wire/payload-limit.ts";
import { MAC_BYTES } from "./aead.ts";
import { CERTIFICATE_BYTES, verifyCertificate } from "./certificate.ts";
import type { CipherState } from "./cipher-state.ts";
import { ELLSWIFT_BYTES, type EllswiftKeyPair, ecdh, generateKeyPair, xOnlyOf } from "./ellswift.ts";
import { EncryptedFrameReader, EncryptedFrameSealer } from "./encrypted-frames.ts";
import { NoiseError } from "./errors.ts";
import { SymmetricState } from "./symmetric-state.ts";

export const ACT_ONE_BYTES: number = ELLSWIFT_BYTES;
const SEALED_KEY_END = ELLSWIFT_BYTES + ELLSWIFT_BYTES + MAC_BYTES;
export const ACT_TWO_BYTES: number = SEALED_KEY_END + CERTIFICATE_BYTES + MAC_BYTES;

const EMPTY = new Uint8Array(0);

/** What follows a handshake: frames in, frames out. */
export type NoiseTransport = { readonly reader: EncryptedFrameReader; readonly sealer: EncryptedFrameSealer };

function checkLength(act: Uint8Array, wanted: number): void {
  if (act.length === wanted) return;
  throw new NoiseError("handshake-failed", `a handshake message has ${act.length} bytes instead of ${wanted}`);
}

function transportOf(
  ciphers: { readonly incoming: CipherState; readonly outgoing: CipherState },
  receiver: Receiver,
): NoiseTransport {
  return {
    reader: new EncryptedFrameReader(ciphers.incoming, receiver),
    sealer: new EncryptedFrameSealer(ciphers.outgoing),
  };
}

function finished(transport: NoiseTransport | undefined): NoiseTransport {
  if (transport === undefined) throw new NoiseError("handshake-failed", "the handshake is not finished");
  return transport;
}

export type NoiseResponderOptions = {
  readonly staticKeyPair: EllswiftKeyPair;
  /** SIGNATURE_NOISE_MESSAGE for that key, 74 bytes. */
  readonly certificate: Uint8Array;
  /** Another source of ephemeral keys than the system's randomness: for tests. */
  readonly generateKeyPair?: () => EllswiftKeyPair;
};

export class NoiseResponder {
  readonly #options: NoiseResponderOptions;
  readonly #symmetric = new SymmetricState();
  #transport: NoiseTransport | undefined;

  constructor(options: NoiseResponderOptions) {
    this.#options = options;
  }

  /** @param actOne 64 bytes. @returns act two, 234 bytes. @throws {NoiseError} `handshake-failed`. */
  readActOne(actOne: Uint8Array): Uint8Array {
    checkLength(actOne, ACT_ONE_BYTES);
    if (this.#transport !== undefined) throw new NoiseError("handshake-failed", "act one came twice");
    const symmetric = this.#symmetric;
    const { staticKeyPair, certificate } = this.#options;
    // -> e
    const re = actOne.slice();
    symmetric.mixHash(re);
    symmetric.decryptAndHash(EMPTY);
    // <- e, ee, s, es, SIGNATURE_NOISE_MESSAGE
    const e = (this.#options.generateKeyPair ?? generateKeyPair)();
    symmetric.mixHash(e.ellswift);
    symmetric.mixKey(ecdh(e, re, { initiator: false }));
    const sealedKey = symmetric.encryptAndHash(staticKeyPair.ellswift);
    symmetric.mixKey(ecdh(staticKeyPair, re, { initiator: false }));
    const sealedCertificate = symmetric.encryptAndHash(certificate);
    const { fromInitiator, fromResponder } = symmetric.split();
    this.#transport = transportOf({ incoming: fromInitiator, outgoing: fromResponder }, "server");
    return concatBytes(e.ellswift, sealedKey, sealedCertificate);
  }

  /** The transport, after `readActOne`: always the same, since a second one would use the nonces again. */
  transport(): NoiseTransport {
    return finished(this.#transport);
  }
}

export type NoiseInitiatorOptions = {
  /** 32 bytes; undefined: the certificate's signature is not checked. */
  readonly authorityPublicKey: Uint8Array | undefined;
  /** Unix time, against which the certificate's validity is checked: read when it has come, so a getter is in order. */
  readonly nowSeconds: number;
  readonly generateKeyPair?: () => EllswiftKeyPair;
};

export class NoiseInitiator {
  readonly #options: NoiseInitiatorOptions;
  readonly #symmetric = new SymmetricState();
  #e: EllswiftKeyPair | undefined;
  #certificate: Uint8Array | undefined;
  #transport: NoiseTransport | undefined;

  constructor(options: NoiseInitiatorOptions) {
    this.#options = options;
  }

  /** SIGNATURE_NOISE_MESSAGE, once it could be read; also where `readActTwo` found it wrong. */
  get certificate(): Uint8Array | undefined {
    return this.#certificate;
  }

  /** @returns act one, 64 bytes. @throws {NoiseError} `handshake-failed` when it was written already. */
  writeActOne(): Uint8Array {
    if (this.#e !== undefined) throw new NoiseError("handshake-failed", "act one was written already");
    // -> e
    const e = (this.#options.generateKeyPair ?? generateKeyPair)();
    this.#e = e;
    this.#symmetric.mixHash(e.ellswift);
    this.#symmetric.encryptAndHash(EMPTY);
    return e.ellswift.slice();
  }

  /**
   * @param actTwo 234 bytes.
   * @throws {NoiseError} `handshake-failed`, `bad-mac`, and those of `verifyCertificate`.
   */
  readActTwo(actTwo: Uint8Array): void {
    checkLength(actTwo, ACT_TWO_BYTES);
    const e = this.#e;
    if (e === undefined) throw new NoiseError("handshake-failed", "act two came before act one was sent");
    if (this.#transport !== undefined) throw new NoiseError("handshake-failed", "act two came twice");
    const symmetric = this.#symmetric;
    // <- e, ee, s, es, SIGNATURE_NOISE_MESSAGE
    const re = actTwo.slice(0, ELLSWIFT_BYTES);
    symmetric.mixHash(re);
    symmetric.mixKey(ecdh(e, re, { initiator: true }));
    const rs = symmetric.decryptAndHash(actTwo.subarray(ELLSWIFT_BYTES, SEALED_KEY_END));
    symmetric.mixKey(ecdh(e, rs, { initiator: true }));
    const message = symmetric.decryptAndHash(actTwo.subarray(SEALED_KEY_END));
    this.#certificate = message;
    const { authorityPublicKey, nowSeconds } = this.#options;
    verifyCertificate({ message, staticPublicKeyX: xOnlyOf(rs), authorityPublicKey, nowSeconds });
    const { fromInitiator, fromResponder } = symmetric.split();
    this.#transport = transportOf({ incoming: fromResponder, outgoing: fromInitiator }, "client");
  }

  /** The transport, after `readActTwo`: always the same, since a second one would use the nonces again. */
  transport(): NoiseTransport {
    return finished(this.#transport);
  }
}
