/**
 * Finds the frames in a stream of plaintext bytes. A frame that lies whole in a chunk is delivered as a view of it;
 * only one that is cut is buffered, up to its own length, which was checked before. SV2 §3.2.
 */

import { FRAME_HEADER_BYTES, type FrameHandler, type FrameHeader, type FrameReader, readFrameHeader } from "./frame.ts";
import { checkPayloadLength, type Receiver } from "./payload-limit.ts";

const EMPTY = new Uint8Array(0);

export class FrameSplitter implements FrameReader {
  readonly #receiver: Receiver;
  readonly #header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
  readonly #headerBytes = new Uint8Array(FRAME_HEADER_BYTES);
  /** A frame has begun whose end is not here yet. */
  #cut = false;
  /** Bytes of its header that are here. */
  #headerFill = 0;
  /** Its payload so far: the first `#fill` bytes. */
  #payload: Uint8Array = EMPTY;
  #fill = 0;

  /** @param receiver whose limits hold: what a server may be sent, or a client. */
  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  push(chunk: Uint8Array, onFrame: FrameHandler): void {
    const header = this.#header;
    let offset = this.#cut ? this.#resume(chunk, onFrame) : 0;
    while (!this.#cut && chunk.length - offset >= FRAME_HEADER_BYTES) {
      readFrameHeader(chunk, offset, header);
      checkPayloadLength(header, this.#receiver);
      offset += FRAME_HEADER_BYTES;
      const end = offset + header.length;
      if (end > chunk.length) {
        this.#cut = true;
        this.#headerFill = FRAME_HEADER_BYTES;
        this.#keep(chunk.subarray(offset));
        return;
      }
      const payload = chunk.subarray(offset, end);
      offset = end;
      onFrame(header, payload);
    }
    if (!this.#cut && offset < chunk.length) {
      this.#cut = true;
      this.#headerBytes.set(chunk.subarray(offset));
      this.#headerFill = chunk.length - offset;
    }
  }

  /** Goes on with the frame that an earlier chunk began. @returns how much of the chunk it took. */
  #resume(chunk: Uint8Array, onFrame: FrameHandler): number {
    let offset = 0;
    if (this.#headerFill < FRAME_HEADER_BYTES) {
      offset = Math.min(FRAME_HEADER_BYTES - this.#headerFill, chunk.length);
      this.#headerBytes.set(chunk.subarray(0, offset), this.#headerFill);
      this.#headerFill += offset;
      if (this.#headerFill < FRAME_HEADER_BYTES) return offset;
      readFrameHeader(this.#headerBytes, 0, this.#header);
      checkPayloadLength(this.#header, this.#receiver);
    }
    const end = offset + Math.min(this.#header.length - this.#fill, chunk.length - offset);
    this.#keep(chunk.subarray(offset, end));
    if (this.#fill < this.#header.length) return end;
    const payload = this.#payload.subarray(0, this.#fill);
    this.#cut = false;
    this.#fill = 0;
    this.#payload = EMPTY;
    onFrame(this.#header, payload);
    return end;
  }

  /** Appends to the cut frame's payload. The buffer grows with what has come, not with what was announced. */
  #keep(bytes: Uint8Array): void {
    const needed = this.#fill + bytes.length;
    if (needed > this.#payload.length) {
      const grown = new Uint8Array(Math.min(this.#header.length, Math.max(needed, 2 * this.#payload.length)));
      grown.set(this.#payload.subarray(0, this.#fill));
      this.#payload = grown;
    }
    this.#payload.set(bytes, this.#fill);
    this.#fill = needed;
  }
}
