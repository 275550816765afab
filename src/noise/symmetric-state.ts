/** SymmetricState: chaining key and handshake hash. SV2 §4.4.2, §4.5.1, Noise §5.2. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "../core/bytes.ts";
import { CipherState } from "./cipher-state.ts";

const PROTOCOL_NAME = "Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256";

/** HKDF of §4.4.2 with two outputs of 32 bytes. */
export function hkdf2(chainingKey: Uint8Array, inputKeyMaterial: Uint8Array): [Uint8Array, Uint8Array] {
  const tempKey = hmac(sha256, chainingKey, inputKeyMaterial);
  const first = hmac(sha256, tempKey, new Uint8Array([0x01]));
  const second = hmac(sha256, tempKey, concatBytes(first, new Uint8Array([0x02])));
  return [first, second];
}

export class SymmetricState {
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  readonly #cipher = new CipherState();

  constructor() {
    // The name is longer than 32 bytes, so its hash begins both; the empty prologue is mixed in.
    this.#chainingKey = sha256(new TextEncoder().encode(PROTOCOL_NAME));
    this.#hash = sha256(this.#chainingKey);
  }

  /** The handshake hash so far, 32 bytes. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(concatBytes(this.#hash, data));
  }

  mixKey(inputKeyMaterial: Uint8Array): void {
    const [chainingKey, tempKey] = hkdf2(this.#chainingKey, inputKeyMaterial);
    this.#chainingKey = chainingKey;
    this.#cipher.initializeKey(tempKey);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.#cipher.encryptWithAd(this.#hash, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /** @throws {NoiseError} `bad-mac`. */
  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const plaintext = this.#cipher.decryptWithAd(this.#hash, ciphertext);
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** The ciphers of the transport: from initiator to responder, and back. */
  split(): { readonly fromInitiator: CipherState; readonly fromResponder: CipherState } {
    const [first, second] = hkdf2(this.#chainingKey, new Uint8Array(0));
    const fromInitiator = new CipherState();
    fromInitiator.initializeKey(first);
    const fromResponder = new CipherState();
    fromResponder.initializeKey(second);
    return { fromInitiator, fromResponder };
  }
}
