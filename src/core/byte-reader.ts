/**
 * Reads little-endian integers and byte runs from a buffer, in order, and never past its end. Nothing is copied:
 * byte runs are views of the buffer.
 */

import { AditError, DISCONNECT } from "./errors.ts";

/** Thrown where a field reaches beyond the buffer; a peer that sends such bytes is disconnected. */
export class OutOfBytesError extends AditError {
  override readonly name = "OutOfBytesError";
  constructor(wantedBytes: number, leftBytes: number) {
    super("the data ends inside a field", {
      code: "truncated-data",
      disposition: DISCONNECT,
      details: { wantedBytes, leftBytes },
    });
  }
}

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = 0;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.bytes.length - this.#offset;
  }

  #take(length: number): number {
    if (length > this.left) throw new OutOfBytesError(length, this.left);
    const start = this.#offset;
    this.#offset = start + length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u24(): number {
    const start = this.#take(3);
    return this.#view.getUint16(start, true) | (this.#view.getUint8(start + 2) << 16);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** A view of the next `length` bytes. */
  take(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }
}
