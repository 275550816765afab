/** Writes little-endian integers and byte runs into a buffer that grows as needed. Range errors are programming errors. */

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  /** @param initialCapacityBytes how much to reserve; more is reserved when needed. */
  constructor(initialCapacityBytes = 256) {
    this.#bytes = new Uint8Array(initialCapacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  #reserve(length: number): number {
    const start = this.#length;
    const end = start + length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = end;
    return start;
  }

  u8(value: number): this {
    inRange(value, 0xff);
    const start = this.#reserve(1);
    this.#view.setUint8(start, value);
    return this;
  }

  u16(value: number): this {
    inRange(value, 0xffff);
    const start = this.#reserve(2);
    this.#view.setUint16(start, value, true);
    return this;
  }

  u24(value: number): this {
    inRange(value, 0xffffff);
    const start = this.#reserve(3);
    this.#view.setUint16(start, value & 0xffff, true);
    this.#view.setUint8(start + 2, value >>> 16);
    return this;
  }

  u32(value: number): this {
    inRange(value, 0xffffffff);
    const start = this.#reserve(4);
    this.#view.setUint32(start, value, true);
    return this;
  }

  i32(value: number): this {
    if ((value | 0) !== value) throw new RangeError(`${value} is not a signed 32-bit integer`);
    const start = this.#reserve(4);
    this.#view.setInt32(start, value, true);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > 0xffffffffffffffffn) throw new RangeError(`${value} is not an unsigned 64-bit integer`);
    const start = this.#reserve(8);
    this.#view.setBigUint64(start, value, true);
    return this;
  }

  f32(value: number): this {
    const start = this.#reserve(4);
    this.#view.setFloat32(start, value, true);
    return this;
  }

  put(bytes: Uint8Array): this {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Checked before anything is reserved, so that a refused value leaves no byte. */
function inRange(value: number, maximum: number): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new RangeError(`${value} is not an integer from 0 to ${maximum}`);
  }
}
