import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseBlock } from "../../src/bitcoin/block.ts";
import { hashOfUnit } from "../../src/client/work.ts";
import { reversed, toHex } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { rpcNodes } from "../../src/templates/rpc-nodes.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";
import { HeldNode } from "../templates/rpc-held-node.ts";

let bcoin: BcoinNode;
let held: HeldNode;
let pool: PoolFixture;

beforeAll(async () => {
  bcoin = await BcoinNode.start();
  await bcoin.fillMempool(3);
  held = await HeldNode.before(bcoin);
  const nodes = rpcNodes(
    { rpcUrl: held.node.url, rpcUser: "pool", rpcPassword: "any", network: "regtest", pollIntervalMs: 50 },
    [],
    { logger: nullLogger, metrics: createMetricRegistry(), clock: systemClock },
  );
  pool = await startPool({ nodes });
}, 60_000);

afterAll(async () => {
  await pool?.stop();
  await held?.node.stop();
  await bcoin?.stop();
});

describe("a pool on a node that is slow to make a template", () => {
  it("has blocks accepted on a new tip, and on its own block, before the node gives any template", async () => {
    const { port, authorityPublicKey } = pool;
    const miner = await new TestMiner({ port, kind: "extended", authorityPublicKey }).ready();
    held.hold("getblocktemplate");
    const workOn = (tip: string): Promise<void> =>
      until("the miner has work on the tip", () => toHex(reversed(miner.unit().header.subarray(4, 36))) === tip);
    const mineOn = async (tip: string): Promise<string> => {
      const { height } = bcoin;
      await workOn(tip);
      const { unit, nonce } = miner.mine("block");
      await until("the node has the block", () => bcoin.height === height + 1);
      const hash = toHex(reversed(hashOfUnit(unit, nonce)));
      expect(bcoin.tipHash).toBe(hash);
      return hash;
    };
    const first = await mineOn(await bcoin.mine());
    const { height } = bcoin;
    const second = await mineOn(first);
    for (const of of [height, height + 1]) {
      const { transactions } = parseBlock(await bcoin.blockBytes(of));
      expect(transactions).toHaveLength(1);
      expect(transactions[0]?.inputs[0]?.witness).toEqual([]);
    }
    // The template that was asked for on the first tip comes at last; what is mined then has the fees.
    await workOn(second);
    const { works } = miner;
    await bcoin.fillMempool(3);
    held.release("getblocktemplate");
    await held.handOn(await held.node.next("getblocktemplate"));
    await until("the tip's own template came", () => miner.works > works);
    await mineOn(second);
    expect(parseBlock(await bcoin.blockBytes(height + 2)).transactions).toHaveLength(7);
    await until("the shares are acknowledged", () => miner.accepted === 3);
    await until("the node has accepted all blocks", () => pool.logger.of("block accepted").length === 3);
    miner.close();
  });
});
