/** Blocks for the spool, whose hash is their header's. */

import { sha256d } from "../../src/bitcoin/hash.ts";
import type { SpooledBlock } from "../../src/ledger/spool.ts";

/** Blocks differ by `index`. */
export function spooledBlock(index = 1, fields: Partial<SpooledBlock> = {}): SpooledBlock {
  const block = new Uint8Array(200).map((_, byte) => (byte < 4 ? (index >>> (8 * byte)) & 0xff : byte));
  return {
    hash: sha256d(block.subarray(0, 80)),
    height: 900_000 + index,
    userIdentity: "alice.rig",
    channel: "7:2",
    foundAtMs: 1_700_000_000_000 + index,
    block,
    ...fields,
  };
}
