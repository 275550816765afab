import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { endRuns } from "../app/adit-process.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { preparing } from "../support/drawn-cases.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
import { until } from "../support/wait.ts";
import { CrashLoad } from "./crash-load.ts";
import { CrashPool } from "./crash-pool.ts";

let node: BcoinNode;
beforeAll(async () => {
  node = await BcoinNode.start();
});
afterAll(() => node.stop());
afterEach(endRuns);

/** On regtest each share solves a block. */
const MIX = { blockOneIn: 1, atOnce: 1, pauseMs: 10 };

describe.skipIf(!canMount)("a pool whose disk is full", () => {
  it("acknowledges nothing and says why, submits its blocks, and has lost nothing when there is room, killed or not", async () => {
    const disk = SmallDisk.mount(8 * 1_024);
    if (disk === undefined) throw new Error("no disk could be mounted");
    onTestFinished(() => disk.unmount());
    const load = new CrashLoad(preparing());
    const address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    const rpc = ["--rpc-url", node.rpcUrl, "--rpc-user", "pool", "--rpc-password", node.password];
    const pool = new CrashPool(
      join(disk.folder, "data"),
      ["--network", "regtest", "--payout-address", address, ...rpc],
      {
        ADIT_MINING__MIN_DIFFICULTY: "0",
        ADIT_VARDIFF__ENABLED: "false",
      },
    );
    const log = (): string => pool.run?.stderr ?? "";
    await load.connect(await pool.start(), 20);
    await load.mineUntilAcknowledged(() => disk.fill(), MIX);

    // Room that the files have already can hold a few more flushes.
    await until("it says why", async () => {
      await load.mine(20, MIX);
      return log().includes('"code":"ledger-disk-full"');
    });
    const { height } = node;
    const acknowledged = load.acknowledged;
    await load.mine(300, MIX);
    await until("the node has further blocks", () => node.height > height);
    expect(load.acknowledged).toBe(acknowledged);

    disk.drain();
    await until("all is acknowledged", () => load.unanswered === 0);
    expect(load.acknowledged).toBeGreaterThan(acknowledged);
    await pool.kill();
    load.disconnect();
    await pool.start();
    await pool.stop();
    await pool.checkLedger(load);
  });
});
