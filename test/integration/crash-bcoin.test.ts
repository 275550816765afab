import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { dataDir, endRuns } from "../app/adit-process.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { preparing } from "../support/drawn-cases.ts";
import { until } from "../support/wait.ts";
import { CrashLoad } from "./crash-load.ts";
import { CrashPool, chainOf, lostBlocks, onBcoin } from "./crash-pool.ts";

let node: BcoinNode;
beforeAll(async () => {
  node = await BcoinNode.start();
});
afterAll(() => node.stop());
afterEach(endRuns);

const KILLS = 25;
const MINERS = 200;
/** On regtest each share solves a block; of those on one parent the node takes one. */
const MIX = { blockOneIn: 1, atOnce: 1, pauseMs: 10 };

it(`a pool on a real node that is killed ${KILLS} times loses no acknowledged share, and has every solved block on the chain`, async () => {
  const random = preparing();
  const load = new CrashLoad(random);
  const first = node.height + 1;
  const pool = new CrashPool(dataDir(), ...onBcoin(node));
  for (let kills = 0; kills < KILLS; kills += 1) {
    await load.connect(await pool.start(), MINERS);
    await load.mine(random.between(1, 500), MIX);
    // Every fifth one while the node is down: what is found then is on no chain, and in the spool alone.
    const isDown = kills % 5 === 4;
    // What it has taken before, it keeps.
    if (isDown) await until("all is acknowledged", () => load.unanswered === 0);
    if (isDown) await node.stop();
    // Every other one when an acknowledgement comes: what it promises has to be kept already.
    if (kills % 2 === 1 || isDown) await load.mineUntilAcknowledged(() => void pool.kill(), MIX);
    await pool.kill();
    load.disconnect();
    if (isDown) await node.restart();
  }
  await pool.start();
  let onChain: ReadonlySet<string> = new Set();
  await until("each promised block, or one in its place, is on the chain", async () => {
    onChain = await chainOf(node, first);
    return lostBlocks(load, onChain).length === 0;
  });
  await pool.stop();
  await pool.checkLedger(load);
  expect(load.promised.length).toBeGreaterThan(KILLS);
  expect(onChain.size).toBeGreaterThan(KILLS);
}, 300_000);
