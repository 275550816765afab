/**
 * Frames inside Noise: the header sealed on its own, then the payload in chunks, each with its MAC. A frame's length is
 * checked as soon as its header is open, before any of its payload is buffered. SV2 §4.6.
 */

import { concatBytes } from "../core/bytes.ts";
import {
  FRAME_HEADER_BYTES,
  type FrameHandler,
  type FrameHeader,
  type FrameReader,
  type FrameSealer,
  readFrameHeader,
} from "../wire/frame.ts";
import { checkPayloadLength, type Receiver } from "../wire/payload-limit.ts";
import { MAC_BYTES } from "./aead.ts";
import type { CipherState } from "./cipher-state.ts";

/** A Noise message has at most 65,535 bytes, its MAC among them. */
export const MAX_CHUNK_BYTES: number = 65_535 - MAC_BYTES;

const SEALED_HEADER_BYTES = FRAME_HEADER_BYTES + MAC_BYTES;
const EMPTY = new Uint8Array(0);

/** Bytes on the wire of a payload: each chunk brings a MAC, and an empty payload has no chunk. */
export function sealedLength(payloadBytes: number): number {
  return payloadBytes + Math.ceil(payloadBytes / MAX_CHUNK_BYTES) * MAC_BYTES;
}

export class EncryptedFrameReader implements FrameReader {
  readonly #cipher: CipherState;
  readonly #receiver: Receiver;
  readonly #header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
  /** The header of the frame in hand is open. */
  #opened = false;
  /** Bytes of an earlier chunk that are not used yet: less than the piece that is waited for. */
  #pending: Uint8Array = EMPTY;
  #pendingFill = 0;

  constructor(cipher: CipherState, receiver: Receiver) {
    this.#cipher = cipher;
    this.#receiver = receiver;
  }

  push(chunk: Uint8Array, onFrame: FrameHandler): void {
    let offset = 0;
    for (;;) {
      const wanted = this.#opened ? sealedLength(this.#header.length) : SEALED_HEADER_BYTES;
      let piece: Uint8Array;
      if (this.#pendingFill === 0 && chunk.length - offset >= wanted) {
        piece = chunk.subarray(offset, offset + wanted);
        offset += wanted;
      } else {
        const taken = Math.min(wanted - this.#pendingFill, chunk.length - offset);
        this.#keep(chunk.subarray(offset, offset + taken), wanted);
        offset += taken;
        if (this.#pendingFill < wanted) return;
        piece = this.#pending.subarray(0, wanted);
        this.#pending = EMPTY;
        this.#pendingFill = 0;
      }
      this.#take(piece, onFrame);
    }
  }

  #take(piece: Uint8Array, onFrame: FrameHandler): void {
    if (!this.#opened) {
      readFrameHeader(this.#cipher.decrypt(piece), 0, this.#header);
      checkPayloadLength(this.#header, this.#receiver);
      this.#opened = true;
      return;
    }
    const payload = this.#openPayload(piece);
    this.#opened = false;
    onFrame(this.#header, payload);
  }

  #openPayload(piece: Uint8Array): Uint8Array {
    if (piece.length === 0) return EMPTY;
    const full = MAX_CHUNK_BYTES + MAC_BYTES;
    if (piece.length <= full) return this.#cipher.decrypt(piece);
    const chunks: Uint8Array[] = [];
    for (let start = 0; start < piece.length; start += full) {
      chunks.push(this.#cipher.decrypt(piece.subarray(start, start + full)));
    }
    return concatBytes(...chunks);
  }

  /** Appends to what waits. The buffer grows with what has come, up to the piece that is waited for. */
  #keep(bytes: Uint8Array, wanted: number): void {
    const needed = this.#pendingFill + bytes.length;
    if (needed > this.#pending.length) {
      const grown = new Uint8Array(Math.min(wanted, Math.max(needed, 2 * this.#pending.length)));
      grown.set(this.#pending.subarray(0, this.#pendingFill));
      this.#pending = grown;
    }
    this.#pending.set(bytes, this.#pendingFill);
    this.#pendingFill = needed;
  }
}

export class EncryptedFrameSealer implements FrameSealer {
  readonly #cipher: CipherState;

  constructor(cipher: CipherState) {
    this.#cipher = cipher;
  }

  seal(frame: Uint8Array): Uint8Array {
    const parts = [this.#cipher.encrypt(frame.subarray(0, FRAME_HEADER_BYTES))];
    for (let start = FRAME_HEADER_BYTES; start < frame.length; start += MAX_CHUNK_BYTES) {
      parts.push(this.#cipher.encrypt(frame.subarray(start, start + MAX_CHUNK_BYTES)));
    }
    return concatBytes(...parts);
  }
}
