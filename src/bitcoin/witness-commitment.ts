/** The witness commitment of a block. BIP141, "Commitment structure". */

import { bytesEqual, concatBytes } from "../core/bytes.ts";
import { sha256d } from "./hash.ts";
import { merkleRoot } from "./merkle.ts";

/** OP_RETURN, 36 bytes, and the commitment's own header. */
const COMMITMENT_HEADER = new Uint8Array([0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]);
const COMMITMENT_SCRIPT_BYTES = 38;

/** What the coinbase's witness holds: 32 zero bytes, as every node and template gives it. */
export const WITNESS_RESERVED_VALUE: Uint8Array = new Uint8Array(32);

/** SHA-256d of the witness root (coinbase counted as zeros) and the reserved value. */
export function witnessCommitment(wtxids: readonly Uint8Array[], reservedValue: Uint8Array): Uint8Array {
  return sha256d(concatBytes(merkleRoot([new Uint8Array(32), ...wtxids]), reservedValue));
}

/** The output script that carries the commitment of a block whose other transactions have these wtxids. */
export function witnessCommitmentScript(wtxids: readonly Uint8Array[]): Uint8Array {
  return concatBytes(COMMITMENT_HEADER, witnessCommitment(wtxids, WITNESS_RESERVED_VALUE));
}

/** The 32 bytes that a script commits to, or undefined where it is no commitment. */
export function commitmentIn(script: Uint8Array): Uint8Array | undefined {
  if (script.length < COMMITMENT_SCRIPT_BYTES) return undefined;
  if (!bytesEqual(script.subarray(0, COMMITMENT_HEADER.length), COMMITMENT_HEADER)) return undefined;
  return script.subarray(COMMITMENT_HEADER.length, COMMITMENT_SCRIPT_BYTES);
}
