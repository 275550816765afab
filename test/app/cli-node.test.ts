import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BcoinNode } from "../support/bcoin-node.ts";
import { until } from "../support/wait.ts";
import { adit, dataDir, endRuns, pool, type Run } from "./adit-process.ts";

const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
/** Each share solves a block of regtest; a CPU finds a few in a second. */
const EASY = {
  ADIT_MINING__MIN_DIFFICULTY: "0",
  ADIT_MINING__SHARES_PER_MINUTE: "120",
  ADIT_VARDIFF__ENABLED: "false",
};

let node: BcoinNode;
beforeAll(async () => {
  node = await BcoinNode.start();
});
afterAll(() => node.stop());
afterEach(endRuns);

function poolOn(rpcUrl: string, flags: readonly string[], environment: Record<string, string> = {}): Run {
  const common = ["--network", "regtest", "--payout-address", ADDRESS, "--rpc-url", rpcUrl];
  return pool([...common, ...flags], { ...EASY, ...environment });
}

async function minesOn(run: Run): Promise<void> {
  const { height } = node;
  const miner = adit(["miner", await run.url(), "--shares", "1", "--hashrate", "1000000"]);
  expect((await miner.ended).code, miner.stderr).toBe(0);
  await until("the node has the block", () => node.height > height);
  await until("the pool says so", () => run.stderr.includes("block accepted"));
}

describe("adit pool on a real node", () => {
  it("has blocks accepted that adit miner finds, with user and password as flags", async () => {
    await minesOn(poolOn(node.rpcUrl, ["--rpc-user", "pool", "--rpc-password", node.password]));
  });

  it("reads the node's cookie file", async () => {
    const cookie = join(dataDir(), ".cookie");
    writeFileSync(cookie, node.cookie);
    await minesOn(poolOn(node.rpcUrl, ["--rpc-cookie", cookie]));
  });

  it("goes on when the node lets nobody in, says why, and stops in order", async () => {
    const run = poolOn(node.rpcUrl, ["--rpc-user", "pool", "--rpc-password", "wrong"]);
    await run.url();
    await until("it says why", () => run.stderr.includes("no work to give out"));
    expect(run.stderr).toMatch(/refuses|not accept|unauthorized|401|password/i);
    run.process.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  it("waits for a node that is down when it starts, and mines once it is there", async () => {
    const cookie = join(dataDir(), ".cookie");
    const run = poolOn(node.rpcUrl, ["--rpc-cookie", cookie]);
    await run.url();
    await until("it says that there is no work", () => run.stderr.includes("no work to give out"));
    expect(run.process.exitCode).toBeNull();
    expect(run.stderr.match(/cannot be read|does not exist|cannot be reached/g), run.stderr).toHaveLength(1);
    // The node writes its cookie when it starts.
    writeFileSync(cookie, node.cookie);
    await until("there is work", () => run.stderr.includes("work is available again"));
    await minesOn(run);
  });

  it("ends with code 1 where the node is of another network", async () => {
    const flags = ["--rpc-user", "pool", "--rpc-password", node.password, "--network", "testnet4"];
    const address = ["--payout-address", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"];
    const run = pool(["--rpc-url", node.rpcUrl, ...flags, ...address]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toContain("testnet4");
    expect(run.stdout).toBe("");
  });
});
