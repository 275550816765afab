/** The cipher of the transport: ChaCha20-Poly1305 with Noise's nonces. SV2 §4.3.3, §4.4.1, RFC 8439. */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { NoiseError } from "./errors.ts";

export const MAC_BYTES = 16;

/** What a cipher has to offer; another implementation can stand in for the one below. */
export interface Aead {
  /** Ciphertext and MAC. @param nonce counts from 0. */
  seal(nonce: number, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @throws {NoiseError} `bad-mac`. */
  open(nonce: number, associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

/** 32 zero bits, then the counter in 64 bits, little-endian. */
function nonceBytes(nonce: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, nonce % 0x1_0000_0000, true);
  view.setUint32(8, Math.floor(nonce / 0x1_0000_0000), true);
  return bytes;
}

/** @param key 32 bytes. */
export function nobleAead(key: Uint8Array): Aead {
  return {
    seal: (nonce, associatedData, plaintext) =>
      chacha20poly1305(key, nonceBytes(nonce), associatedData).encrypt(plaintext),
    open(nonce, associatedData, ciphertext) {
      if (ciphertext.length < MAC_BYTES) throw new NoiseError("bad-mac", "a sealed message is shorter than its MAC");
      try {
        return chacha20poly1305(key, nonceBytes(nonce), associatedData).decrypt(ciphertext);
      } catch (cause) {
        throw new NoiseError("bad-mac", "a message does not carry the MAC that it should", { cause });
      }
    },
  };
}
