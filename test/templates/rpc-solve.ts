/** Makes a block of a template with src/bitcoin and finds its nonce, as far as regtest's target makes that quick. */

import { assembleBlock } from "../../src/bitcoin/block.ts";
import { buildCoinbase, completeCoinbase } from "../../src/bitcoin/coinbase.ts";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { serializeHeader } from "../../src/bitcoin/header.ts";
import { rootFromPath } from "../../src/bitcoin/merkle.ts";
import { bitsToTarget, targetFromBytes } from "../../src/bitcoin/target.ts";
import type { Template } from "../../src/templates/template.ts";
import { printed } from "./rpc-gbt.ts";

/** A witness program of version 0 with 20 bytes. */
const PAYOUT = Uint8Array.of(0x00, 0x14, ...Array(20).fill(0x51));

export type SolveOptions = {
  readonly extranonce?: Uint8Array;
  /** Instead of the template's. */
  readonly version?: number;
  readonly coinbaseValue?: bigint;
  readonly time?: number;
  readonly merklePath?: readonly Uint8Array[];
  /** A hash above the target instead of one at or below it. */
  readonly unsolved?: boolean;
};

export type SolvedBlock = {
  readonly bytes: Uint8Array;
  /** 64 digits as the RPC prints it. */
  readonly hash: string;
};

export function solve(template: Template, options: SolveOptions = {}): SolvedBlock {
  const extranonce = options.extranonce ?? Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const halves = buildCoinbase({
    height: template.height,
    poolTag: "/adit/",
    extranonceSize: extranonce.length,
    outputs: [{ value: options.coinbaseValue ?? template.coinbaseValue, script: PAYOUT }],
    witnessCommitment: template.witnessCommitment,
  });
  const coinbaseTxid = sha256d(completeCoinbase({ ...halves, extranonce, witness: false }));
  const header = {
    version: options.version ?? template.version,
    prevHash: template.prevHash,
    merkleRoot: rootFromPath(coinbaseTxid, options.merklePath ?? template.merklePath),
    time: options.time ?? template.curTime,
    bits: template.bits,
  };
  const target = bitsToTarget(template.bits);
  for (let nonce = 0; ; nonce += 1) {
    const header80 = serializeHeader({ ...header, nonce });
    const hash = sha256d(header80);
    if (targetFromBytes(hash) <= target === (options.unsolved ?? false)) continue;
    const bytes = assembleBlock({
      header80,
      coinbase: completeCoinbase({ ...halves, extranonce, witness: template.witnessCommitment !== undefined }),
      transactions: template.transactions.map(({ data }) => data),
    });
    return { bytes, hash: printed(hash) };
  }
}
