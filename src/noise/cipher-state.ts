/** CipherState: a key and the number of messages that it has seen. SV2 §4.4.1, Noise §5.1. */

import { type Aead, nobleAead } from "./aead.ts";
import { NoiseError } from "./errors.ts";

const NO_AD = new Uint8Array(0);

export class CipherState {
  #aead: Aead | undefined;
  /** A double counts exactly to 2^53: at a million messages a second for 285 years. */
  #nonce = 0;

  /** Takes a key of 32 bytes; nonces begin at 0. */
  initializeKey(key: Uint8Array): void {
    this.#aead = nobleAead(key);
    this.#nonce = 0;
  }

  get hasKey(): boolean {
    return this.#aead !== undefined;
  }

  /** Without a key the plaintext itself. */
  encryptWithAd(associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array {
    if (this.#aead === undefined) return plaintext;
    const sealed = this.#aead.seal(this.#checkedNonce(), associatedData, plaintext);
    this.#nonce += 1;
    return sealed;
  }

  /** Without a key the ciphertext itself. @throws {NoiseError} `bad-mac`; the nonce stays then. */
  decryptWithAd(associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    if (this.#aead === undefined) return ciphertext;
    const plaintext = this.#aead.open(this.#checkedNonce(), associatedData, ciphertext);
    this.#nonce += 1;
    return plaintext;
  }

  /** As `encryptWithAd` with no associated data: what the transport does. */
  encrypt(plaintext: Uint8Array): Uint8Array {
    return this.encryptWithAd(NO_AD, plaintext);
  }

  decrypt(ciphertext: Uint8Array): Uint8Array {
    return this.decryptWithAd(NO_AD, ciphertext);
  }

  #checkedNonce(): number {
    if (this.#nonce >= Number.MAX_SAFE_INTEGER) throw new NoiseError("nonce-exhausted", "the nonces are used up");
    return this.#nonce;
  }
}
