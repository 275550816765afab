/** Writes little-endian integers and byte runs into a buffer that grows as needed. Range errors are programming errors. */

export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param initialCapacityBytes how much to reserve; more is reserved when needed. */
  constructor(initialCapacityBytes = 256) {
    this.#bytes = new Uint8Array(initialCapacityBytes);
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
    }
    this.#length = end;
    return start;
  }

  u8(value: number): this {
    inRange(value, 0xff);
    const start = this.#reserve(1);
    this.#bytes[start] = value;
    return this;
  }

  u16(value: number): this {
    inRange(value, 0xffff);
    const start = this.#reserve(2);
    this.#bytes[start] = value;
    this.#bytes[start + 1] = value >>> 8;
    return this;
  }

  u24(value: number): this {
    inRange(value, 0xffffff);
    const start = this.#reserve(3);
    this.#bytes[start] = value;
    this.#bytes[start + 1] = value >>> 8;
    this.#bytes[start + 2] = value >>> 16;
    return this;
  }

  u32(value: number): this {
    inRange(value, 0xffffffff);
    const start = this.#reserve(4);
    this.#putU32(start, value);
    return this;
  }

  i32(value: number): this {
    if ((value | 0) !== value) throw new RangeError(`${value} is not a signed 32-bit integer`);
    const start = this.#reserve(4);
    this.#putU32(start, value);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > 0xffffffffffffffffn) throw new RangeError(`${value} is not an unsigned 64-bit integer`);
    const start = this.#reserve(8);
    this.#putU32(start, Number(value & 0xffffffffn));
    this.#putU32(start + 4, Number(value >> 32n));
    return this;
  }

  f32(value: number): this {
    const start = this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(start, value, true);
    return this;
  }

  put(bytes: Uint8Array): this {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
    return this;
  }

  /** Byte by byte: a DataView for each frame would take longer than its integers. */
  #putU32(start: number, value: number): void {
    this.#bytes[start] = value;
    this.#bytes[start + 1] = value >>> 8;
    this.#bytes[start + 2] = value >>> 16;
    this.#bytes[start + 3] = value >>> 24;
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
