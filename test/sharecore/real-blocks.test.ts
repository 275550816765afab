import { describe, expect, it } from "vitest";
import { concatBytes, reversed, toHex } from "../../src/core/bytes.ts";
import { hashHeader, merkleRootFromPath, sha256d } from "../../src/sharecore/index.ts";
import { merkleRootFromPath as plainRootFromPath, sha256d as plainSha256d } from "../../src/sharecore/js-hash.ts";
import { BLOCK_357238, extendedJob357238, GENESIS, genesisExtendedJob, REAL_BLOCKS } from "./real-blocks.ts";

describe("hashes of the main network", () => {
  it.each(REAL_BLOCKS)("hashes the header of $name", ({ header, hash }) => {
    expect(toHex(reversed(hashHeader(header)))).toBe(hash);
    expect(toHex(reversed(plainSha256d(header)))).toBe(hash);
  });

  it.each([
    { block: GENESIS, ...genesisExtendedJob(), levels: 0 },
    { block: BLOCK_357238, ...extendedJob357238(), levels: 9 },
  ])("rebuilds the merkle root of $block.name from coinbase and path", ({ block, job, extranonce, levels }) => {
    const coinbase = concatBytes(job.coinbasePrefix, extranonce, job.coinbaseSuffix);
    const root = merkleRootFromPath(sha256d(coinbase), job.merklePath);
    expect(toHex(root)).toBe(toHex(block.header.subarray(36, 68)));
    expect(plainRootFromPath(plainSha256d(coinbase), job.merklePath)).toEqual(root);
    expect(job.merklePath).toHaveLength(levels);
  });
});
