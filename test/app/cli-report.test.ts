import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { RETENTION, STORE_CLOCK } from "../ledger/ledger-file.ts";
import { creditOf } from "../ledger/ledger-values.ts";
import { until } from "../support/wait.ts";
import { adit, dataDir, endRuns, type Run } from "./adit-process.ts";

afterEach(endRuns);

/** Shares without end, and no block. */
const FAST = { ADIT_MINING__SHARES_PER_MINUTE: "600", ADIT_SIMULATE__DIFFICULTY: "1e9", ADIT_LOG__FORMAT: "json" };

function poolOn(folder: string): Run {
  return adit(["pool", "--data-dir", folder, "--stratum-v2", "127.0.0.1:0"], FAST);
}

/** What the command prints where it does as it should. */
async function outputOf(args: readonly string[]): Promise<string> {
  const run = adit(args);
  expect({ ...(await run.ended), stderr: run.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  return run.stdout;
}

async function totalsOf(folder: string): Promise<{ accepted_shares: number; difficulty: number }> {
  const { totals } = JSON.parse(await outputOf(["report", "--json", "--data-dir", folder]));
  return { accepted_shares: totals.accepted_shares, difficulty: totals.difficulty };
}

async function failureOf(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const run = adit(args, { ADIT_DATA_DIR: join(dataDir(), "none") });
  const { code } = await run.ended;
  expect(run.stdout).toBe("");
  return { code, stderr: run.stderr };
}

/** A ledger that its pool has left in order. */
function leftLedger(folder: string, workers = 1): string {
  const file = join(folder, "ledger.db");
  const store = new LedgerStore({ file, durability: "normal", retention: RETENTION }, STORE_CLOCK);
  const credits = Array.from({ length: workers }, (_, index) => creditOf({ userIdentity: `worker ${index}` }));
  store.commit({ batchId: "a", atMs: Date.now(), credits });
  store.close();
  return file;
}

describe("adit report and adit backup", () => {
  it("work while the pool runs and after it was killed, and a backup is a ledger to go on with", async () => {
    const folder = dataDir();
    const server = poolOn(folder);
    const miner = adit(["miner", await server.url(), "--user", "=alice", "--shares", "5"]);
    expect((await miner.ended).code).toBe(0);
    const running = await totalsOf(folder);
    expect(running.accepted_shares).toBeGreaterThanOrEqual(5);
    expect(running.difficulty).toBeGreaterThan(0);
    expect(await outputOf(["report", "--last", "1h", "--data-dir", folder])).toMatch(/^Worker.*\n=alice +\d/m);
    expect(await outputOf(["report", "--csv", "--data-dir", folder])).toMatch(/^user_identity,.*\r\n'=alice,\d.*\r\n$/);

    const copy = join(folder, "copy.db");
    expect(await outputOf(["backup", copy, "--data-dir", folder])).toBe(
      `${copy}: ${readFileSync(copy).length} bytes\n`,
    );
    server.process.kill("SIGKILL");
    await server.ended;
    expect(await totalsOf(folder)).toEqual(running);
    await outputOf(["backup", join(folder, "second.db"), "--data-dir", folder]);

    // As docs/reports.md has it.
    const restored = dataDir();
    renameSync(copy, join(restored, "ledger.db"));
    const next = poolOn(restored);
    const other = adit(["miner", await next.url(), "--user", "bob", "--shares", "1"]);
    expect((await other.ended).code).toBe(0);
    expect((await totalsOf(restored)).accepted_shares).toBeGreaterThan(running.accepted_shares);
  });

  it("show a pool that has just begun as one without shares", async () => {
    const folder = dataDir();
    const server = poolOn(folder);
    await server.url();
    await until("there is a ledger", () => existsSync(join(folder, "ledger.db-wal")));
    await until("it has its tables", async () => {
      const run = adit(["report", "--data-dir", folder]);
      return (await run.ended).code === 0 && run.stdout.endsWith("No workers\n\nNo blocks\n");
    });
  });

  it("make no file beside the ledger of a pool that was stopped, nor anything of a folder that there is not", async () => {
    const folder = dataDir();
    leftLedger(folder);
    expect(await totalsOf(folder)).toMatchObject({ accepted_shares: 1 });
    expect(readdirSync(folder)).toEqual(["ledger.db"]);
    const nowhere = join(folder, "nowhere");
    for (const args of [["report"], ["backup", join(folder, "copy.db")]]) {
      expect(await failureOf([...args, "--data-dir", nowhere])).toEqual({
        code: 1,
        stderr: `adit: there is no ledger ${join(nowhere, "ledger.db")}: name the pool's folder by --data-dir\n`,
      });
    }
    expect(readdirSync(folder)).toEqual(["ledger.db"]);
  });

  it("say in one sentence what is wrong with a damaged ledger, and with one in use for something else", async () => {
    const folder = dataDir();
    const file = leftLedger(folder, 5_000);
    const whole = readFileSync(file);
    writeFileSync(file, whole.fill(0x5a, 8_192));
    expect(await failureOf(["report", "--data-dir", folder])).toEqual({
      code: 1,
      stderr: `adit: the ledger ${file} is damaged: restore it from a backup, or move it away to begin a new one (SQLITE_CORRUPT)\n`,
    });
    const damaged = await failureOf(["backup", join(folder, "copy.db"), "--data-dir", folder]);
    expect(damaged).toEqual({ code: 1, stderr: expect.stringMatching(/^adit: the ledger \S+ is damaged: [^\n]*\n$/) });
    expect(readdirSync(folder)).toEqual(["ledger.db"]);
    writeFileSync(file, "no database at all, but a text that is longer than SQLite's header ".repeat(20));
    const { code, stderr } = await failureOf(["backup", join(folder, "copy.db"), "--data-dir", folder]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^adit: the ledger \S+ is no ledger: [^\n]*\n$/)]);
    rmSync(file);
    writeFileSync(file, "");
    expect((await failureOf(["report", "--data-dir", folder])).stderr).toBe(
      `adit: the ledger ${file} is empty: restore it from a backup if it was not before\n`,
    );
  });

  it("hand over a long report whole to a program that reads it late", async () => {
    const folder = dataDir();
    leftLedger(folder, 5_000);
    const run = adit(["report", "--json", "--data-dir", folder]);
    run.process.stdout?.pause();
    await until("it has filled the pipe", () => (run.process.stdout?.readableLength ?? 0) > 0);
    run.process.stdout?.resume();
    await run.ended;
    await until("all was read", () => run.process.stdout?.readableEnded === true);
    expect(JSON.parse(run.stdout).workers).toHaveLength(5_000);
  });

  it("end at once where nobody reads the report", async () => {
    const folder = dataDir();
    leftLedger(folder, 5_000);
    const run = adit(["report", "--csv", "--data-dir", folder]);
    run.process.stdout?.destroy();
    expect((await run.ended).signal).toBeNull();
    expect(run.stderr).toBe("");
  });

  /** A backup to copy.db, with that run before it. */
  function backupWith(folder: string, preload: string): Run {
    return adit(["backup", join(folder, "copy.db"), "--data-dir", folder], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
    });
  }

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("a backup that a %s ends leaves nothing behind", async (signal) => {
    const folder = dataDir();
    leftLedger(folder);
    // Sent where the copy begins: its name, with a dot before it, is there for the second time.
    const run = backupWith(
      folder,
      `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
      const open = fs.openSync;
      let opens = 0;
      fs.openSync = (path, ...rest) => {
        if (String(path).includes(".copy.db.") && ++opens === 2) process.kill(process.pid, "${signal}");
        return open(path, ...rest);
      };
      syncBuiltinESMExports();`,
    );
    expect(await run.ended).toEqual({ code: null, signal });
    expect(run.stderr).toBe(`adit: no copy ${join(folder, "copy.db")} was made: it was ended\n`);
    expect(readdirSync(folder)).toEqual(["ledger.db"]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "a backup is ended by a %s at once while it looks through the ledger, though that would take long",
    async (signal) => {
      const folder = dataDir();
      leftLedger(folder);
      const module = JSON.stringify(import.meta.resolve("better-sqlite3"));
      const run = backupWith(
        folder,
        `const { prototype } = (await import(${module})).default;
        const { pragma } = prototype;
        prototype.pragma = function (source, ...rest) {
          if (source.startsWith("quick_check")) {
            process.kill(process.pid, "${signal}");
            process.stdout.write("it goes on");
          }
          return pragma.call(this, source, ...rest);
        };`,
      );
      expect(await run.ended).toEqual({ code: null, signal });
      expect([run.stdout, run.stderr]).toEqual(["", ""]);
      expect(readdirSync(folder)).toEqual(["ledger.db"]);
    },
  );

  it("a backup takes no other file's place", async () => {
    const folder = dataDir();
    const file = leftLedger(folder);
    expect(await failureOf(["backup", file, "--data-dir", folder])).toEqual({
      code: 1,
      stderr: `adit: there is a file ${file} already: name another one\n`,
    });
  });
});

describe("adit report and adit backup, used wrongly", () => {
  it.each<[string[], string]>([
    [["report", "--last", "5x"], '--last is "5x", but a span from 1m'],
    [["report", "--last"], "Not enough arguments following: last"],
    [["report", "--last", "1h", "--to", "2026-08-20"], "--last and --to are both given"],
    [["report", "--last", "1h", "--last", "2h"], "--last is given twice"],
    [["report", "--from", "tomorrow"], '--from is "tomorrow", but a date or a time'],
    [["report", "--json", "--csv"], "--json and --csv are both given"],
    [["report", "--csv=workers"], '--csv is "workers", but true or false'],
    [["report", "--csv", "--csv-table", "all"], '--csv-table is "all", but workers or blocks or rejects is needed'],
    [["report", "--csv-table", "blocks"], "--csv-table is given without --csv"],
    [["report", "--form", "2026-08-20"], "there is no flag --form; did you mean --from?"],
    [["report", "extra"], '"extra" belongs to no flag'],
    [["reprot"], "there is no command reprot; did you mean report?"],
    [["backup"], "the file to write is missing: adit backup FILE is needed"],
    [["backup", ""], "the file to write is missing"],
    [["backup", "a", "b"], '"b" belongs to no flag'],
    [["backup", "a", "--json"], "there is no flag --json"],
  ])("%j ends with code 2 and one sentence", async (args, message) => {
    const { code, stderr } = await failureOf(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
  });
});
