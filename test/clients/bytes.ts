/**
 * Bytes as a client writes and reads them, by hand. Nothing of `src/wire`: a mistake that our encoder and our decoder
 * share would not show between the two of them.
 */

import { concatBytes, toHex } from "../../src/core/bytes.ts";

function littleEndian(value: bigint, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

export const u8 = (value: number): Uint8Array => Uint8Array.of(value);
export const u16 = (value: number): Uint8Array => littleEndian(BigInt(value), 2);
export const u24 = (value: number): Uint8Array => littleEndian(BigInt(value), 3);
export const u32 = (value: number): Uint8Array => littleEndian(BigInt(value), 4);

/** A port as it stands in a frame, in hex. */
export function portHex(port: number): string {
  return toHex(Uint8Array.of(port & 0xff, port >> 8));
}

/** A 32-bit float, little-endian. */
export function f32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

/** STR0_255. */
export function str(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concatBytes(u8(bytes.length), bytes);
}

/** B0_32. */
export function b032(bytes: Uint8Array): Uint8Array {
  return concatBytes(u8(bytes.length), bytes);
}

/** The channel_msg bit of a frame's extension_type. */
export const CHANNEL_MSG = 0x8000;

/** A frame: six bytes of header, and the payload. */
export function frame(extensionType: number, msgType: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const payload = concatBytes(...fields);
  return concatBytes(u16(extensionType), u8(msgType), u24(payload.length), payload);
}

export type Frame = {
  /** As it came, the channel_msg bit with it. */
  readonly extensionType: number;
  readonly msgType: number;
  readonly payload: Uint8Array;
};

/** The fields of a payload, one after the other. */
export class Fields {
  readonly #payload: Uint8Array;
  #at = 0;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
  }

  take(bytes: number): Uint8Array {
    const end = this.#at + bytes;
    if (end > this.#payload.length) throw new Error(`a message of ${this.#payload.length} bytes ends too early`);
    const taken = this.#payload.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  #number(bytes: number): bigint {
    return this.take(bytes).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  u8(): number {
    return Number(this.#number(1));
  }
  u16(): number {
    return Number(this.#number(2));
  }
  u24(): number {
    return Number(this.#number(3));
  }
  u32(): number {
    return Number(this.#number(4));
  }
  u64(): bigint {
    return this.#number(8);
  }

  /** BOOL: only the lowest bit counts. */
  bool(): boolean {
    return (this.u8() & 1) === 1;
  }

  u256(): Uint8Array {
    return this.take(32);
  }

  /** STR0_255. */
  str(): string {
    return new TextDecoder().decode(this.take(this.u8()));
  }

  /** B0_32. */
  b032(): Uint8Array {
    const bytes = this.u8();
    if (bytes > 32) throw new Error(`a B0_32 of ${bytes} bytes`);
    return this.take(bytes);
  }

  /** B0_64K. */
  b064k(): Uint8Array {
    return this.take(this.u16());
  }

  /** OPTION[U32]. */
  optionU32(): number | undefined {
    return this.u8() === 0 ? undefined : this.u32();
  }

  /** SEQ0_255[U256]. */
  u256List(): Uint8Array[] {
    return Array.from({ length: this.u8() }, () => this.u256());
  }

  /** `message`, once nothing is left over. */
  all<T>(message: T): T {
    const left = this.#payload.length - this.#at;
    if (left > 0) throw new Error(`${left} bytes are left over of a message of ${this.#payload.length}`);
    return message;
  }
}
