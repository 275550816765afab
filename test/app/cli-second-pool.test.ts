import { afterEach, expect, it } from "vitest";
import { adit, dataDir, endRuns, type Run } from "./adit-process.ts";

afterEach(endRuns);

it("a second pool on the same data folder is refused with code 1 and one sentence, and begins once the first was killed", async () => {
  const folder = dataDir();
  const pool = (): Run => adit(["pool", "--data-dir", folder, "--stratum-v2", "127.0.0.1:0"]);
  const first = pool();
  await first.url();
  const second = pool();
  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.stdout).toBe("");
  expect(second.stderr).toContain("another pool runs on the data folder: its end is waited for");
  expect(second.stderr).toContain(
    `another pool runs on the data folder "${folder}": stop that one, or set another data_dir`,
  );
  expect(second.stderr).not.toMatch(/\n\s+at /);
  first.process.kill("SIGKILL");
  await first.ended;
  await pool().url();
});
