import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { dataDir, endRuns } from "../app/adit-process.ts";
import { preparing } from "../support/drawn-cases.ts";
import { CrashLoad } from "./crash-load.ts";
import { CrashPool, lostBlocks } from "./crash-pool.ts";

afterEach(endRuns);

const KILLS = 25;
const MINERS = 200;
/** Each hash is a share, and one in 43,000 solves a block. */
const ENVIRONMENT = {
  ADIT_SIMULATE__DIFFICULTY: "0.00001",
  ADIT_SIMULATE__TRANSACTIONS: "20",
  ADIT_MINING__MIN_DIFFICULTY: "0",
  ADIT_VARDIFF__ENABLED: "false",
};

const MIX = { blockOneIn: 200, atOnce: 5, pauseMs: 1 };

/** Hashes as explorers print them. */
function simulatedChain(folder: string): ReadonlySet<string> {
  const lines = readFileSync(join(folder, "simulated-chain.jsonl"), "utf8").trim().split("\n");
  return new Set(lines.map((line) => String(JSON.parse(line).hash)));
}

it(`a pool that is killed ${KILLS} times loses no acknowledged share, counts none twice, and has every solved block on the chain`, async () => {
  const random = preparing();
  const load = new CrashLoad(random);
  const folder = dataDir();
  const pool = new CrashPool(folder, ["--simulate"], ENVIRONMENT);
  const onChain = new Set<string>();
  for (let kills = 0; kills < KILLS; kills += 1) {
    await load.connect(await pool.start(), MINERS);
    await load.mine(random.between(1, 800), MIX);
    // Every other one when an acknowledgement comes: what it promises has to be kept already.
    if (kills % 2 === 1) await load.mineUntilAcknowledged(() => void pool.kill(), MIX);
    await pool.kill();
    load.disconnect();
    for (const hash of simulatedChain(folder)) onChain.add(hash);
  }
  await pool.start();
  await pool.stop();
  await pool.checkLedger(load);
  expect(lostBlocks(load, onChain)).toEqual([]);
  // It has tried what it says.
  const acknowledged = load.records.reduce((sum, record) => sum + record.acknowledged, 0);
  expect(acknowledged).toBeGreaterThan(1_000);
  expect(load.promised.length).toBeGreaterThan(KILLS / 2);
}, 300_000);
