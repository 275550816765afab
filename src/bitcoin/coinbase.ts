/**
 * The coinbase transaction in two halves around the extranonce, without BIP141 fields, and completed with them for a
 * block. BIP34 (height), BIP54 (locktime and sequence), SV2 §3.7.1.
 */

import { ByteWriter } from "../core/byte-writer.ts";
import { concatBytes } from "../core/bytes.ts";
import { writeCompactSize } from "./compact-size.ts";
import { BitcoinError } from "./errors.ts";
import type { TransactionOutput } from "./transaction.ts";
import { WITNESS_RESERVED_VALUE } from "./witness-commitment.ts";

/** Consensus: a coinbase's scriptSig has 2 to 100 bytes. */
export const MAX_SCRIPT_SIG_BYTES = 100;

const COINBASE_VERSION = 2;
const COINBASE_PREV_INDEX = 0xffffffff;
/** BIP54: not final by sequence, so that the locktime counts. */
const COINBASE_SEQUENCE = 0xfffffffe;
const VERSION_BYTES = 4;
const LOCKTIME_BYTES = 4;
const OP_0 = 0x00;
const OP_1 = 0x51;
const OP_16 = 0x60;
/** Longest direct push. */
const MAX_PUSH_BYTES = 75;

/**
 * BIP34's height at the beginning of a coinbase's script, as nodes check it: OP_1 to OP_16 up to height 16, and a
 * minimal push of the little-endian number above. Up to 16 a byte follows, since the script has two bytes at least.
 */
export function heightScript(height: number): Uint8Array {
  if (height <= 16) return new Uint8Array([height === 0 ? OP_0 : OP_1 + height - 1, OP_0]);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  // A set highest bit would make the number negative.
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  return new Uint8Array([bytes.length, ...bytes]);
}

/** The height that a coinbase's script begins with, by BIP34; undefined where it begins with something else. */
export function heightOfScript(script: Uint8Array): number | undefined {
  const [length = OP_0] = script;
  if (length >= OP_1 && length <= OP_16) return length - OP_1 + 1;
  // A height takes four bytes from 2^31 on, which is some forty thousand years away.
  if (length === OP_0 || length > 4 || script.length <= length) return undefined;
  let height = 0;
  for (let index = length; index > 0; index -= 1) height = 256 * height + (script[index] ?? 0);
  return height;
}

export type CoinbaseOptions = {
  readonly height: number;
  /** ASCII; "" for none. */
  readonly poolTag: string;
  /** Bytes between the halves, 1 to 75. */
  readonly extranonceSize: number;
  readonly outputs: readonly TransactionOutput[];
  /** Output script of the witness commitment; undefined where the block has none. */
  readonly witnessCommitment: Uint8Array | undefined;
};

export type CoinbaseHalves = {
  /** Up to where the extranonce begins. */
  readonly prefix: Uint8Array;
  /** From behind the extranonce. */
  readonly suffix: Uint8Array;
};

/** @throws {BitcoinError} `coinbase-invalid` where the scriptSig would pass 100 bytes, or one of its parts 75. */
export function buildCoinbase(options: CoinbaseOptions): CoinbaseHalves {
  const { height, extranonceSize, witnessCommitment } = options;
  const tag = new TextEncoder().encode(options.poolTag);
  const tagPush = tag.length === 0 ? tag : concatBytes(new Uint8Array([tag.length]), tag);
  const script = concatBytes(heightScript(height), tagPush, new Uint8Array([extranonceSize]));
  const scriptBytes = script.length + extranonceSize;
  if (tag.length > MAX_PUSH_BYTES || extranonceSize > MAX_PUSH_BYTES) {
    throw new BitcoinError(
      "coinbase-invalid",
      `mining.pool_tag has ${tag.length} bytes and the extranonce ${extranonceSize}: each may have ${MAX_PUSH_BYTES}`,
      { tagBytes: tag.length, extranonceSize },
    );
  }
  if (scriptBytes > MAX_SCRIPT_SIG_BYTES) {
    throw new BitcoinError(
      "coinbase-invalid",
      `the coinbase's scriptSig would have ${scriptBytes} bytes and may have ${MAX_SCRIPT_SIG_BYTES}: shorten mining.pool_tag`,
      { scriptBytes },
    );
  }
  const prefix = new ByteWriter().u32(COINBASE_VERSION).u8(1).put(new Uint8Array(32)).u32(COINBASE_PREV_INDEX);
  writeCompactSize(prefix, scriptBytes);
  prefix.put(script);

  const outputs = [...options.outputs];
  if (witnessCommitment !== undefined) outputs.push({ value: 0n, script: witnessCommitment });
  const suffix = new ByteWriter().u32(COINBASE_SEQUENCE);
  writeCompactSize(suffix, outputs.length);
  for (const { value, script: outputScript } of outputs) {
    suffix.u64(value);
    writeCompactSize(suffix, outputScript.length);
    suffix.put(outputScript);
  }
  // BIP54: the height before, so that no two coinbases are the same transaction.
  suffix.u32(Math.max(0, height - 1));
  return { prefix: prefix.finish(), suffix: suffix.finish() };
}

/** The whole serialised coinbase; with marker, flag and reserved value where `witness` is set. */
export function completeCoinbase(
  options: CoinbaseHalves & { readonly extranonce: Uint8Array; readonly witness: boolean },
): Uint8Array {
  const { prefix, extranonce, suffix } = options;
  if (!options.witness) return concatBytes(prefix, extranonce, suffix);
  const beforeLocktime = suffix.length - LOCKTIME_BYTES;
  return concatBytes(
    prefix.subarray(0, VERSION_BYTES),
    new Uint8Array([0x00, 0x01]),
    prefix.subarray(VERSION_BYTES),
    extranonce,
    suffix.subarray(0, beforeLocktime),
    new Uint8Array([0x01, WITNESS_RESERVED_VALUE.length]),
    WITNESS_RESERVED_VALUE,
    suffix.subarray(beforeLocktime),
  );
}
