import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { until } from "../support/wait.ts";
import { adit, dataDir, endRuns, type Run } from "./adit-process.ts";

afterEach(endRuns);

/** A core finds a block each second or so, and nobody else does. */
const EASY = {
  ADIT_SIMULATE__DIFFICULTY: "0.0001",
  ADIT_SIMULATE__BLOCK_INTERVAL_SECONDS: "0",
  ADIT_LOG__FORMAT: "json",
};

type Line = Readonly<Record<string, unknown>>;

/** What is cut off at the end was being written when the process was killed. */
function logOf(run: Run, message: string): Line[] {
  const lines = run.stderr.split("\n").slice(0, -1);
  return lines.map((line): Line => JSON.parse(line)).filter(({ msg }) => msg === message);
}

/** The line of that message that names the block; of any, where none is named. */
async function said(run: Run, message: string, hash?: unknown): Promise<Line> {
  const lines = (): Line[] => logOf(run, message).filter((line) => hash === undefined || line.hash === hash);
  await until(`"${message}"`, () => lines().length > 0);
  return lines()[0] ?? {};
}

it("a pool that is killed with a block in its hands submits it after the restart, and the chain has it", async () => {
  const folder = dataDir();
  const pool = (): Run => adit(["pool", "--data-dir", folder, "--stratum-v2", "127.0.0.1:0"], EASY);
  const first = pool();
  const miner = adit(["miner", await first.url(), "--json"]);
  const { hash, height } = await said(first, "block found");
  const isSpooled = (): boolean =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).includes(join("spool", `${height}-${hash}.block`));
  await until("it is in the spool", isSpooled);
  first.process.kill("SIGKILL");
  await first.ended;
  miner.process.kill("SIGKILL");

  const second = pool();
  const again = await said(second, "block submitted again after a restart", hash);
  expect(again.height).toBe(height);
  await said(second, "block accepted", hash);
  expect(logOf(second, "block found")).toEqual([]);
  expect(isSpooled()).toBe(true);
  // Five blocks on it confirm it.
  adit(["miner", await second.url(), "--json"]);
  await said(second, "block confirmed", hash);
  await until("its file is gone", () => !isSpooled());
});
