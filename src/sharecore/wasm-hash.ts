/**
 * Single hashes through the WASM core, for programs that want one now and then. Each thread has one instance for
 * them, made at the first call. `js-hash.ts` is the readable form of the same.
 */

import { sha256d as plainSha256d } from "./js-hash.ts";
import { HASH_BYTES, HEADER_BYTES, MAX_PATH_ENTRIES } from "./record-layout.ts";
import { type CoreExports, instantiate, loadModule } from "./wasm-module.ts";

/** The core's scratch space; its result follows directly. */
const SCRATCH_BYTES = 65_536;

let threadCore: CoreExports | undefined;

function hashOf(...parts: readonly Uint8Array[]): Uint8Array {
  threadCore ??= instantiate(loadModule());
  const { memory, scratch_ptr, sha256d: run } = threadCore;
  const address = scratch_ptr() >>> 0;
  const scratch = new Uint8Array(memory.buffer, address, SCRATCH_BYTES);
  let length = 0;
  for (const part of parts) {
    scratch.set(part, length);
    length += part.length;
  }
  run(length);
  return new Uint8Array(memory.buffer, address + SCRATCH_BYTES, HASH_BYTES).slice();
}

/**
 * SHA-256 of the SHA-256 of `bytes`.
 * @returns 32 bytes in the order of the hash function's output; explorers print block hashes and txids reversed.
 */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return bytes.length <= SCRATCH_BYTES ? hashOf(bytes) : plainSha256d(bytes);
}

/**
 * The hash of a block header.
 * @param header80 the 80 bytes as they stand in a block.
 * @returns 32 bytes, little-endian as an integer; explorers print them reversed.
 * @throws {RangeError} where the header has another length.
 */
export function hashHeader(header80: Uint8Array): Uint8Array {
  if (header80.length !== HEADER_BYTES) throw new RangeError(`a header has 80 bytes, not ${header80.length}`);
  return hashOf(header80);
}

/**
 * The merkle root of the block in which the coinbase has `coinbaseTxid` (SV2 §5.3.16, `merkle_path`).
 * @param coinbaseTxid 32 bytes in the order of the hash function's output.
 * @param path the siblings from the coinbase's level upward, 32 bytes each, at most 32 of them.
 * @returns 32 bytes in the order in which they stand in the header.
 * @throws {RangeError} where a length is wrong.
 */
export function merkleRootFromPath(coinbaseTxid: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  if (path.length > MAX_PATH_ENTRIES) throw new RangeError(`a merkle path has at most ${MAX_PATH_ENTRIES} entries`);
  let node: Uint8Array = coinbaseTxid.slice();
  for (const sibling of [coinbaseTxid, ...path]) {
    if (sibling.length !== HASH_BYTES) throw new RangeError(`an entry has ${HASH_BYTES} bytes, not ${sibling.length}`);
  }
  for (const sibling of path) node = hashOf(node, sibling);
  return node;
}
