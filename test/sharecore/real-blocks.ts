/**
 * Main-network blocks as jobs and shares. Nothing here is believed: the tests hash the headers and compare with the
 * proof of work that their bits demand, and rebuild the merkle roots from coinbase and path.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fromHex } from "../../src/core/bytes.ts";
import type { ExtendedJob, StandardJob } from "../../src/sharecore/index.ts";
import { sha256d } from "../../src/sharecore/js-hash.ts";

export type RealBlock = {
  readonly name: string;
  readonly header: Uint8Array;
  /** As explorers print it. */
  readonly hash: string;
};

export const GENESIS: RealBlock = {
  name: "block 0",
  header: fromHex(
    "01000000" +
      "0000000000000000000000000000000000000000000000000000000000000000" +
      "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a" +
      "29ab5f49ffff001d1dac2b7c",
  ),
  hash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
};

/** The example of the Bitcoin wiki's page "Block hashing algorithm". */
export const BLOCK_125552: RealBlock = {
  name: "block 125552",
  header: fromHex(
    "01000000" +
      "81cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000" +
      "e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122b" +
      "c7f5d74df2b9441a42a14695",
  ),
  hash: "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d",
};

/** Whole block, as bitcore-lib carries it for its own benchmark; 369 transactions. */
const RAW_357238 = fromHex(
  JSON.parse(
    readFileSync(createRequire(import.meta.url).resolve("bitcore-lib/benchmark/block-357238.json"), "utf8"),
  ) as string,
);

export const BLOCK_357238: RealBlock = {
  name: "block 357238",
  header: RAW_357238.subarray(0, 80),
  hash: "00000000000000000f3db04d442e92c172691170ca47dfea5be2b9613cf0343d",
};

export const REAL_BLOCKS: readonly RealBlock[] = [GENESIS, BLOCK_125552, BLOCK_357238];

/** What a share of the block's job brings: the header's fields that a miner chooses. */
export function minedFields(block: RealBlock): { version: number; ntime: number; nonce: number } {
  const view = new DataView(block.header.buffer, block.header.byteOffset);
  return { version: view.getUint32(0, true), ntime: view.getUint32(68, true), nonce: view.getUint32(76, true) };
}

function commonFields(block: RealBlock) {
  const { header } = block;
  const bits = new DataView(header.buffer, header.byteOffset).getUint32(72, true);
  return { prevHash: header.slice(4, 36), bits, version: minedFields(block).version, networkTarget: targetOf(bits) };
}

/** Little-endian, from nBits; only what these blocks need of the format. */
function targetOf(bits: number): Uint8Array {
  const target = new Uint8Array(32);
  const exponent = bits >>> 24;
  for (let index = 0; index < 3; index += 1) target[exponent - 3 + index] = (bits >>> (8 * index)) & 0xff;
  return target;
}

export function standardJob(block: RealBlock): StandardJob {
  return { kind: "standard", ...commonFields(block), merkleRoot: block.header.slice(36, 68) };
}

const GENESIS_COINBASE = fromHex(
  "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d" +
    "04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66" +
    "207365636f6e64206261696c6f757420666f722062616e6b73" +
    "ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f" +
    "4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000",
);

/** Block 0 has one transaction: an empty path. Its input script's last 8 bytes serve as the extranonce. */
export function genesisExtendedJob(): { job: ExtendedJob; extranonce: Uint8Array } {
  return split(GENESIS, GENESIS_COINBASE, { at: 111, size: 8, path: [] });
}

/** Block 357238 has a path of 9 levels; 16 bytes of its coinbase's input script serve as the extranonce. */
export function extendedJob357238(): { job: ExtendedJob; extranonce: Uint8Array } {
  const transactions = transactionsOf(RAW_357238.subarray(80));
  const [coinbase = new Uint8Array()] = transactions;
  return split(BLOCK_357238, coinbase, { at: 60, size: 16, path: pathOf(transactions.map(sha256d)) });
}

function split(
  block: RealBlock,
  coinbase: Uint8Array,
  cut: { at: number; size: number; path: Uint8Array[] },
): { job: ExtendedJob; extranonce: Uint8Array } {
  const end = cut.at + cut.size;
  const coinbasePrefix = coinbase.slice(0, cut.at);
  const coinbaseSuffix = coinbase.slice(end);
  const job = {
    kind: "extended",
    ...commonFields(block),
    coinbasePrefix,
    coinbaseSuffix,
    merklePath: cut.path,
  } as const;
  return { job, extranonce: coinbase.slice(cut.at, end) };
}

/** The left edge's siblings, bottom up. */
function pathOf(txids: Uint8Array[]): Uint8Array[] {
  const path: Uint8Array[] = [];
  let level = txids;
  while (level.length > 1) {
    const last = level.at(-1);
    if (level.length % 2 === 1 && last !== undefined) level = [...level, last];
    path.push(level[1] ?? new Uint8Array());
    const next: Uint8Array[] = [];
    for (let index = 0; index < level.length; index += 2) {
      next.push(sha256d(Buffer.concat(level.slice(index, index + 2))));
    }
    level = next;
  }
  return path;
}

/** Cuts a block's transactions apart; the block is from before BIP141. */
function transactionsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const skip = (length: number): void => {
    offset += length;
  };
  const compactSize = (): number => {
    const first = view.getUint8(offset);
    skip(first < 0xfd ? 1 : 3);
    return first < 0xfd ? first : view.getUint16(offset - 2, true);
  };
  const count = compactSize();
  const transactions: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = offset;
    skip(4);
    for (let inputs = compactSize(); inputs > 0; inputs -= 1) {
      skip(36);
      skip(compactSize());
      skip(4);
    }
    for (let outputs = compactSize(); outputs > 0; outputs -= 1) {
      skip(8);
      skip(compactSize());
    }
    skip(4);
    transactions.push(bytes.slice(start, offset));
  }
  return transactions;
}
