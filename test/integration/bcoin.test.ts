import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesEqual, concatBytes, toHex } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { rpcNodes } from "../../src/templates/rpc-nodes.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";

let node: BcoinNode;
let pool: PoolFixture;

beforeAll(async () => {
  node = await BcoinNode.start();
  await node.fillMempool(3);
  const nodes = rpcNodes(
    { rpcUrl: node.rpcUrl, rpcUser: "pool", rpcPassword: node.password, network: "regtest", pollIntervalMs: 50 },
    [],
    { logger: nullLogger, metrics: createMetricRegistry(), clock: systemClock },
  );
  pool = await startPool({ nodes });
}, 60_000);

afterAll(async () => {
  await pool?.stop();
  await node?.stop();
});

describe("a pool on bcoin in regtest", () => {
  it.each(["standard", "extended"] as const)("has blocks of a %s channel accepted by the node", async (kind) => {
    const miner = await new TestMiner({ port: pool.port, kind, authorityPublicKey: pool.authorityPublicKey }).ready();
    for (let block = 0; block < 2; block += 1) {
      const { height } = node;
      const works = miner.works;
      const { unit, nonce } = miner.mine("block");
      await until("the node's height rises", () => node.height === height + 1);
      const bytes = await node.blockBytes(height + 1);
      const header = unit.header.slice();
      new DataView(header.buffer).setUint32(76, nonce, true);
      expect(bytesEqual(bytes.subarray(0, 80), header), "it is the header that was mined").toBe(true);
      if (kind === "extended") {
        const extranonce = concatBytes(miner.extranoncePrefix, unit.extranonce);
        expect(toHex(bytes).includes(toHex(extranonce)), "the rolled extranonce is in its coinbase").toBe(true);
      }
      // Marker and flag: the coinbase was submitted with its witness.
      expect([...bytes.subarray(85, 87)]).toEqual([0, 1]);
      await until("the empty job of the new tip was started, and the full one came", () => miner.works >= works + 2);
    }
    expect(miner.rejected).toEqual([]);
    miner.close();
  });

  it("hears of a block from elsewhere, and every channel does", async () => {
    const miners = await Promise.all(
      (["standard", "extended"] as const).map((kind) =>
        new TestMiner({ port: pool.port, kind, authorityPublicKey: pool.authorityPublicKey }).ready(),
      ),
    );
    const works = miners.map((miner) => miner.works);
    await node.mine(1);
    await until("all have work on it", () => miners.every((miner, index) => miner.works > (works[index] ?? 0)));
    const { height } = node;
    miners[0]?.mine("block");
    await until("a block on top of it is accepted", () => node.height === height + 1);
    for (const miner of miners) miner.close();
  });
});
