import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { assembleBlock, parseBlock } from "../../src/bitcoin/block.ts";
import { hashHeader, serializeHeader } from "../../src/bitcoin/header.ts";
import { merklePath, merkleRoot, rootFromPath } from "../../src/bitcoin/merkle.ts";
import { bitsToTarget, targetFromBytes } from "../../src/bitcoin/target.ts";
import { parseTransaction, serializeTransaction, txidOf } from "../../src/bitcoin/transaction.ts";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";

/** Main-network block 357238, as npm's `bitcore-lib` carries it for its benchmarks. */
const folder = dirname(createRequire(import.meta.url).resolve("bitcore-lib/package.json"));
const raw = fromHex(JSON.parse(readFileSync(join(folder, "benchmark/block-357238.json"), "utf8")));

describe("main-network block 357238", () => {
  const block = parseBlock(raw);
  const txids = block.transactions.map(txidOf);

  it("has its 369 transactions and a header that meets its target", () => {
    expect(block.transactions).toHaveLength(369);
    expect(targetFromBytes(hashHeader(block.header)) <= bitsToTarget(block.header.bits)).toBe(true);
  });

  it("has a header that commits to its transactions, by the tree and by the coinbase's path", () => {
    const [coinbase, ...others] = txids;
    expect(toHex(merkleRoot(txids))).toBe(toHex(block.header.merkleRoot));
    expect(toHex(rootFromPath(coinbase ?? new Uint8Array(0), merklePath(others)))).toBe(toHex(block.header.merkleRoot));
  });

  it("is rebuilt byte for byte", () => {
    const [coinbase, ...others] = block.transactions.map((transaction) =>
      serializeTransaction(transaction, { witness: true }),
    );
    const rebuilt = assembleBlock({
      header80: serializeHeader(block.header),
      coinbase: coinbase ?? new Uint8Array(0),
      transactions: others,
    });
    expect(Buffer.compare(rebuilt, raw)).toBe(0);
  });

  it("has transactions that are read and written one by one", () => {
    for (const [index, transaction] of block.transactions.entries()) {
      const bytes = serializeTransaction(transaction, { witness: true });
      expect(toHex(reversed(txidOf(parseTransaction(bytes))))).toBe(toHex(reversed(txids[index] ?? new Uint8Array(0))));
    }
  });
});
