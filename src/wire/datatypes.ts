/** The datatypes of SV2 §3.1: how each is read and written, and the bytes that it takes at least and at most. */

import type { ByteReader } from "../core/byte-reader.ts";
import type { ByteWriter } from "../core/byte-writer.ts";
import { WireError } from "./errors.ts";

export type Datatype<T> = {
  /** Byte runs are views of what is read. @throws {OutOfBytesError}, {WireError}. */
  read(reader: ByteReader): T;
  /** @throws {RangeError} for a value that the type cannot hold. */
  write(writer: ByteWriter, value: T): void;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Its bytes, or those of its elements, are a little-endian integer: people write it from the other end. */
  readonly isInteger?: boolean;
  /** What it holds, where it is made of another datatype, and the most of them. */
  readonly holds?: { readonly kind: "option" | "sequence"; readonly element: Datatype<unknown>; readonly most: number };
};

function fixed<T>(
  bytes: number,
  read: (reader: ByteReader) => T,
  write: (writer: ByteWriter, value: T) => void,
): Datatype<T> {
  return { read, write, minBytes: bytes, maxBytes: bytes };
}

/** Bits above the lowest are ignored (§3.1). */
export const bool: Datatype<boolean> = fixed(
  1,
  (reader) => (reader.u8() & 1) === 1,
  (writer, value) => writer.u8(value ? 1 : 0),
);
export const u8: Datatype<number> = fixed(
  1,
  (reader) => reader.u8(),
  (writer, value) => writer.u8(value),
);
export const u16: Datatype<number> = fixed(
  2,
  (reader) => reader.u16(),
  (writer, value) => writer.u16(value),
);
export const u24: Datatype<number> = fixed(
  3,
  (reader) => reader.u24(),
  (writer, value) => writer.u24(value),
);
export const u32: Datatype<number> = fixed(
  4,
  (reader) => reader.u32(),
  (writer, value) => writer.u32(value),
);
export const u64: Datatype<bigint> = fixed(
  8,
  (reader) => reader.u64(),
  (writer, value) => writer.u64(value),
);
export const f32: Datatype<number> = fixed(
  4,
  (reader) => reader.f32(),
  (writer, value) => writer.f32(value),
);

function fixedBytes(length: number): Datatype<Uint8Array> {
  return fixed(
    length,
    (reader) => reader.take(length),
    (writer, value) => {
      if (value.length !== length) throw new RangeError(`${length} bytes are needed, not ${value.length}`);
      writer.put(value);
    },
  );
}

/** 32 bytes, little-endian as an integer. */
export const u256: Datatype<Uint8Array> = { ...fixedBytes(32), isInteger: true };
export const mac: Datatype<Uint8Array> = fixedBytes(16);
export const pubkey: Datatype<Uint8Array> = fixedBytes(32);
export const signature: Datatype<Uint8Array> = fixedBytes(64);

function counted(lengthType: Datatype<number>, maxLength: number): Datatype<Uint8Array> {
  return {
    minBytes: lengthType.minBytes,
    maxBytes: lengthType.maxBytes + maxLength,
    read(reader) {
      const length = lengthType.read(reader);
      if (length > maxLength) {
        throw new WireError("malformed-message", "a byte array is longer than its type allows", { length, maxLength });
      }
      return reader.take(length);
    },
    write(writer, value) {
      if (value.length > maxLength) throw new RangeError(`at most ${maxLength} bytes, not ${value.length}`);
      lengthType.write(writer, value.length);
      writer.put(value);
    },
  };
}

export const b0_32: Datatype<Uint8Array> = counted(u8, 32);
export const b0_255: Datatype<Uint8Array> = counted(u8, 0xff);
export const b0_64k: Datatype<Uint8Array> = counted(u16, 0xffff);
export const b0_16m: Datatype<Uint8Array> = counted(u24, 0xffffff);

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Text of at most 255 bytes of UTF-8. What is not UTF-8 is read as U+FFFD. */
export const str0_255: Datatype<string> = {
  minBytes: b0_255.minBytes,
  maxBytes: b0_255.maxBytes,
  read: (reader) => decoder.decode(b0_255.read(reader)),
  write: (writer, value) => b0_255.write(writer, encoder.encode(value)),
};

/** An element or none: one length byte of 0 or 1. */
export function option<T>(element: Datatype<T>): Datatype<T | undefined> {
  return {
    minBytes: 1,
    maxBytes: 1 + element.maxBytes,
    holds: { kind: "option", element, most: 1 },
    read(reader) {
      const count = reader.u8();
      if (count > 1) throw new WireError("malformed-message", "an option holds more than one element", { count });
      return count === 0 ? undefined : element.read(reader);
    },
    write(writer, value) {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) element.write(writer, value);
    },
  };
}

function sequence<T>(lengthType: Datatype<number>, maxCount: number, element: Datatype<T>): Datatype<readonly T[]> {
  return {
    minBytes: lengthType.minBytes,
    maxBytes: lengthType.maxBytes + maxCount * element.maxBytes,
    isInteger: element.isInteger === true,
    holds: { kind: "sequence", element, most: maxCount },
    read(reader) {
      const count = lengthType.read(reader);
      if (count > maxCount) {
        throw new WireError("malformed-message", "a sequence is longer than its field allows", { count, maxCount });
      }
      // Refused before anything is made of it: each element takes at least so many bytes.
      if (count * element.minBytes > reader.left) {
        throw new WireError("malformed-message", "a sequence reaches past its message", { count, left: reader.left });
      }
      const elements: T[] = [];
      for (let index = 0; index < count; index += 1) elements.push(element.read(reader));
      return elements;
    },
    write(writer, value) {
      if (value.length > maxCount) throw new RangeError(`at most ${maxCount} elements, not ${value.length}`);
      lengthType.write(writer, value.length);
      for (const item of value) element.write(writer, item);
    },
  };
}

export function seq0_255<T>(element: Datatype<T>): Datatype<readonly T[]> {
  return sequence(u8, 0xff, element);
}

/** @param maxCount the most elements, where a field allows fewer than its type. */
export function seq0_64k<T>(element: Datatype<T>, maxCount = 0xffff): Datatype<readonly T[]> {
  return sequence(u16, maxCount, element);
}
