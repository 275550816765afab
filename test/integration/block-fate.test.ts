import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import { rpcNodes } from "../../src/templates/rpc-nodes.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";

let node: BcoinNode;
let folder: string;
const pools: PoolFixture[] = [];

beforeEach(async () => {
  node = await BcoinNode.start();
  folder = join(mkdtempSync(join(tmpdir(), "adit-fate-")), "spool");
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
  await node.stop();
});

/** A pool on that node and folder. `kill`: nothing that it does reaches the node any more, as if its process was gone. */
async function start(): Promise<{ readonly pool: PoolFixture; kill(): void }> {
  const { rpcUrl, password: rpcPassword } = node;
  const context = { logger: nullLogger, metrics: createMetricRegistry(), clock: systemClock };
  const options = { rpcUrl, rpcUser: "pool", rpcPassword, network: "regtest", pollIntervalMs: 50 } as const;
  const nodes = rpcNodes(options, [], context);
  const pool = await startPool({ nodes, spool: new FolderSpool({ folder }, context) });
  pools.push(pool);
  const kill = (): void => {
    const failed = { kind: "failed", reason: "the process was killed" } as const;
    for (const blockNode of nodes.blocks) {
      blockNode.submitBlock = async () => failed;
      blockNode.blockStanding = async () => failed;
    }
  };
  return { pool, kill };
}

async function minerOf(pool: PoolFixture): Promise<TestMiner> {
  return new TestMiner({ port: pool.port, kind: "standard", authorityPublicKey: pool.authorityPublicKey }).ready();
}

/** The spool makes its folder with its first work there. */
function spooled(): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function fateIs(pool: PoolFixture, wanted: string): Promise<void> {
  await until(`the block is ${wanted}`, async () => (await pool.ledger.blocks())[0]?.fate === wanted);
}

describe("a block that is found while the node is down, by a pool that dies then", () => {
  it("is on the chain once both are back, and leaves the spool when it is confirmed", async () => {
    const { pool: first, kill } = await start();
    const miner = await minerOf(first);
    const { height } = node;
    await node.stop();
    miner.mine("block");
    await until("its submission has failed", () => first.logger.of("block not delivered, trying again").length > 0);
    await until("it is in the spool", () => spooled().length > 0);
    kill();
    miner.close();

    const { pool: second } = await start();
    const [again] = second.logger.of("block submitted again after a restart");
    expect(again).toMatchObject({ height: height + 1, hash: first.logger.of("block found")[0]?.hash });
    expect(spooled()).toEqual([`${height + 1}-${again?.hash}.block`]);
    await node.restart();
    await until("it is the node's tip", () => node.tipHash === again?.hash);
    await fateIs(second, "accepted");
    await node.mine(4);
    expect(spooled()).toHaveLength(1);
    await node.mine(1);
    await fateIs(second, "confirmed");
    await until("its file is gone", () => spooled().length === 0);
  });
});

describe("a block that the node's chain has gone on without", () => {
  it("is inconclusive while it can come back, and orphaned with six blocks", async () => {
    const { pool } = await start();
    const miner = await minerOf(pool);
    miner.mine("block");
    await fateIs(pool, "accepted");
    const { height } = node;
    await node.reorganise(1);
    expect(node.height).toBe(height + 1);
    await fateIs(pool, "inconclusive");
    expect(spooled()).toHaveLength(1);
    await node.mine(5);
    await fateIs(pool, "orphaned");
    await until("its file is gone", () => spooled().length === 0);
    expect(pool.logger.of("block orphaned: the chain has gone on without it")).toHaveLength(1);
    miner.close();
  });
});
