/**
 * The arithmetic of mining for the model, a second time and in plain terms: what a share hashes to, by the bytes that the
 * client was sent, and which target it has to meet. Nothing of src/ is used for it.
 */

import { createHash } from "node:crypto";

/** A job as its frame describes it. */
export type SentJob = {
  readonly jobId: number;
  readonly version: number;
  /** Undefined: a future job. */
  readonly minNtime: number | undefined;
} & (
  | { readonly kind: "standard"; readonly merkleRoot: Uint8Array }
  | { readonly kind: "extended"; readonly prefix: Uint8Array; readonly suffix: Uint8Array; readonly path: Uint8Array[] }
);

/** A job as one channel has it: with the channel's part of the extranonce when it was sent. */
export type SeenJob = SentJob & {
  readonly extranoncePrefix: Uint8Array;
  /** The script that a block of it pays, in hexadecimal. */
  readonly payee: string;
};

/** A job of one channel, from the moment on at which it can be mined. */
export type ActiveJob = {
  readonly seen: SeenJob;
  readonly prevHash: Uint8Array;
  readonly bits: number;
  readonly minNtime: number;
  /** The channel's, when the job became active. */
  readonly target: bigint;
  /** Which of the tips that the channel was told of, one after the other. */
  readonly tip: number;
};

export type ShareFields = {
  readonly nonce: number;
  readonly ntime: number;
  readonly version: number;
  /** The rolled part. */
  readonly extranonce: Uint8Array;
};

export function doubleSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const inner = createHash("sha256");
  for (const part of parts) inner.update(part);
  return createHash("sha256").update(inner.digest()).digest();
}

/** The 80 bytes that the share stands for. */
export function headerOf(job: ActiveJob, share: ShareFields): Uint8Array {
  const { seen } = job;
  let root: Uint8Array;
  if (seen.kind === "standard") root = seen.merkleRoot;
  else {
    root = doubleSha256(seen.prefix, seen.extranoncePrefix, share.extranonce, seen.suffix);
    for (const sibling of seen.path) root = doubleSha256(root, sibling);
  }
  const header = Buffer.alloc(80);
  header.writeUInt32LE(share.version, 0);
  header.set(job.prevHash, 4);
  header.set(root, 36);
  header.writeUInt32LE(share.ntime, 68);
  header.writeUInt32LE(job.bits, 72);
  header.writeUInt32LE(share.nonce, 76);
  return header;
}

/** 32 bytes, little-endian, as an integer. */
export function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

export function bytesOfInteger(value: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse());
}

/** The network's target in a header's compact form. */
export function targetOfBits(bits: number): bigint {
  const mantissa = BigInt(bits & 0x7fffff);
  const exponent = (bits >>> 24) - 3;
  return exponent >= 0 ? mantissa << BigInt(8 * exponent) : mantissa >> BigInt(-8 * exponent);
}

/** What difficulty 1 stands for. */
const ONE = 0xffffn << 208n;

export function difficultyOf(target: bigint): number {
  return Number(ONE) / Number(target);
}

export function targetAt(difficulty: number): number {
  return Number(ONE) / difficulty;
}
