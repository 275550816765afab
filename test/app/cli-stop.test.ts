import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";
import { adit, dataDir, endRuns } from "./adit-process.ts";

afterEach(endRuns);

it("a pool whose ledger takes nothing, and whose miners are gone, stops in order all the same, with code 1", async () => {
  const folder = dataDir();
  loadOrCreateKeys(folder);
  mkdirSync(join(folder, "ledger.db"));
  const environment = { ADIT_LOG__FORMAT: "json", ADIT_MINING__MIN_DIFFICULTY: "0", ADIT_SIMULATE__DIFFICULTY: "1000" };
  const pool = adit(["pool", "--data-dir", folder, "--stratum-v2", "127.0.0.1:0"], environment);
  const miner = new TestMiner({ port: parsePoolUrl(await pool.url()).port, kind: "standard" });
  await miner.ready();
  const { unit, nonce } = miner.mine("share");
  // Its answer comes after the first one's verdict.
  miner.send(unit, nonce);
  await until("the share came again", () => miner.rejected.length === 1);
  const said = (message: string): string | undefined =>
    pool.stderr.split("\n").find((line) => line.includes(`"msg":"${message}"`));
  miner.close();
  await until("the miner is gone", () => said("connection ended") !== undefined);
  expect(JSON.parse(said("connection ended") ?? "{}")).toMatchObject({ acceptedShares: 1 });
  pool.process.kill("SIGTERM");
  expect(await pool.ended).toEqual({ code: 1, signal: null });
  expect(JSON.parse(said("shares not stored in time: they are not acknowledged") ?? "{}")).toMatchObject({ shares: 1 });
  expect(JSON.parse(said("stopped") ?? "{}")).toMatchObject({ shares: 0 });
});
