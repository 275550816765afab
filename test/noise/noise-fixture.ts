/** What the tests of Noise share: vectors, hexadecimal in and out, refusals, a second cipher, and frames. */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { CipherState } from "../../src/noise/cipher-state.ts";
import { NoiseError, type NoiseErrorCode } from "../../src/noise/errors.ts";
import type { FrameReader } from "../../src/wire/frame.ts";

export function readVectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), "utf8"));
}

/** What `run` throws; it has to be a NoiseError with that code, which ends the connection. */
export function refusal(run: () => unknown, code: NoiseErrorCode): NoiseError {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(NoiseError);
  const error = thrown as NoiseError;
  expect(error.code).toBe(code);
  expect(error.disposition).toEqual({ kind: "disconnect" });
  return error;
}

/** A copy with one bit of one byte turned. */
export function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice();
  copy[index] = (copy[index] ?? 0) ^ 0x01;
  return copy;
}

/** ChaCha20-Poly1305 by OpenSSL: what ours is compared with. @param nonce 12 bytes. */
export const openssl = {
  seal(key: Uint8Array, nonce: Uint8Array, message: { ad: Uint8Array; plaintext: Uint8Array }): Uint8Array {
    const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
    cipher.setAAD(message.ad, { plaintextLength: message.plaintext.length });
    return concatBytes(cipher.update(message.plaintext), cipher.final(), cipher.getAuthTag());
  },
  open(key: Uint8Array, nonce: Uint8Array, message: { ad: Uint8Array; ciphertext: Uint8Array }): Uint8Array {
    const end = message.ciphertext.length - 16;
    const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
    decipher.setAAD(message.ad, { plaintextLength: end });
    decipher.setAuthTag(message.ciphertext.subarray(end));
    return concatBytes(decipher.update(message.ciphertext.subarray(0, end)), decipher.final());
  },
};

/** SV2 §4.4.1: 32 zero bits, then the counter as a little-endian 64-bit value. */
export function noiseNonce(counter: bigint): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(counter, 4);
  return nonce;
}

export function cipherWith(key: Uint8Array): CipherState {
  const cipher = new CipherState();
  cipher.initializeKey(key);
  return cipher;
}

/** A frame as a test sees it after the call of its handler. */
export type SeenFrame = {
  readonly extensionType: number;
  readonly channelMsg: boolean;
  readonly msgType: number;
  readonly payload: Uint8Array;
};

/** The frame's bytes in the clear: SV2 §3.2. */
export function frameBytes(frame: SeenFrame): Uint8Array {
  const { length } = frame.payload;
  const extension = frame.extensionType | (frame.channelMsg ? 0x8000 : 0);
  const header = [
    extension & 0xff,
    extension >>> 8,
    frame.msgType,
    length & 0xff,
    (length >>> 8) & 0xff,
    length >>> 16,
  ];
  return concatBytes(Uint8Array.from(header), frame.payload);
}

/** Pushes the chunks and keeps the frames, each payload with a header that says its length. */
export function pushAll(reader: FrameReader, chunks: readonly Uint8Array[]): SeenFrame[] {
  const seen: SeenFrame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, ({ extensionType, channelMsg, msgType, length }, payload) => {
      expect(payload.length).toBe(length);
      seen.push({ extensionType, channelMsg, msgType, payload: payload.slice() });
    });
  }
  return seen;
}
