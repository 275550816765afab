import { describe, expect, it } from "vitest";
import { NETWORKS } from "../../src/bitcoin/network.ts";
import { subsidyAt } from "../../src/bitcoin/subsidy.ts";
import { BcoinNode } from "../support/bcoin-node.ts";

/** What the node would let the next block pay, with nothing in its mempool. */
async function nextCoinbaseValue(node: BcoinNode): Promise<unknown> {
  const response = await fetch(node.rpcUrl, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(node.cookie).toString("base64")}` },
    body: JSON.stringify({ id: 1, method: "getblocktemplate", params: [{ rules: ["segwit"] }] }),
  });
  const { result } = (await response.json()) as { result: { coinbasevalue: unknown } };
  return result.coinbasevalue;
}

describe("the subsidy", () => {
  it.each([
    [0, 5_000_000_000n],
    [209_999, 5_000_000_000n],
    [210_000, 2_500_000_000n],
    [419_999, 2_500_000_000n],
    [420_000, 1_250_000_000n],
    [840_000, 312_500_000n],
    // The last one that is more than nothing, and the first that is not.
    [33 * 210_000 - 1, 1n],
    [33 * 210_000, 0n],
    [63 * 210_000, 0n],
    [64 * 210_000, 0n],
    [499_999_999, 0n],
  ])("of block %i is %i satoshi on main, testnet4 and signet", (height, satoshi) => {
    for (const network of NETWORKS.filter((name) => name !== "regtest")) {
      expect(subsidyAt(network, height), network).toBe(satoshi);
    }
  });

  it("halves each 150 blocks on regtest", () => {
    const heights = [0, 149, 150, 299, 300, 33 * 150 - 1, 33 * 150];
    const [full, half, quarter] = [5_000_000_000n, 2_500_000_000n, 1_250_000_000n];
    expect(heights.map((height) => subsidyAt("regtest", height))).toEqual([full, full, half, half, quarter, 1n, 0n]);
  });

  it("adds up to just below 21 million bitcoin on the main network", () => {
    let satoshi = 0n;
    for (let era = 0; era < 64; era += 1) satoshi += 210_000n * subsidyAt("main", era * 210_000);
    expect(satoshi).toBe(2_099_999_997_690_000n);
  });

  it("is on regtest what a real node pays for an empty block, over three halvings", async () => {
    const node = await BcoinNode.start();
    try {
      for (const height of [449, 450, 599, 600, 750]) {
        await node.mine(height - 1 - node.height);
        expect(await nextCoinbaseValue(node), `at ${height}`).toBe(Number(subsidyAt("regtest", height)));
      }
    } finally {
      await node.stop();
    }
  });
});
