/** The 80 bytes of a block header. */

import { ByteReader } from "../core/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { sha256d } from "./hash.ts";

export const HEADER_BYTES = 80;

export type BlockHeader = {
  /** Unsigned 32-bit. */
  readonly version: number;
  /** 32 bytes, header order. */
  readonly prevHash: Uint8Array;
  /** 32 bytes, header order. */
  readonly merkleRoot: Uint8Array;
  /** Seconds. */
  readonly time: number;
  /** Compact target. */
  readonly bits: number;
  readonly nonce: number;
};

export function serializeHeader(header: BlockHeader): Uint8Array {
  return new ByteWriter(HEADER_BYTES)
    .u32(header.version)
    .put(header.prevHash)
    .put(header.merkleRoot)
    .u32(header.time)
    .u32(header.bits)
    .u32(header.nonce)
    .finish();
}

/** Reads the first 80 bytes; byte runs are copies. @throws {OutOfBytesError} where there are fewer. */
export function parseHeader(bytes: Uint8Array): BlockHeader {
  const reader = new ByteReader(bytes);
  return {
    version: reader.u32(),
    prevHash: new Uint8Array(reader.take(32)),
    merkleRoot: new Uint8Array(reader.take(32)),
    time: reader.u32(),
    bits: reader.u32(),
    nonce: reader.u32(),
  };
}

/** 32 bytes in header order. */
export function hashHeader(header: BlockHeader): Uint8Array {
  return sha256d(serializeHeader(header));
}
