import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../support/wait.ts";
import { dataDir } from "./adit-process.ts";

const ROOT = join(import.meta.dirname, "../..");

let npm: ChildProcess | undefined;
let output = "";

/** `npm start` as a terminal runs it: npm and the pool are one process group, which the terminal's Ctrl-C reaches. */
async function start(): Promise<{ readonly pid: number; readonly ended: Promise<number | null> }> {
  output = "";
  // What the tests themselves are told by such variables is no configuration of a pool.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ADIT_"));
  const environment = { ADIT_DATA_DIR: dataDir(), ADIT_STRATUM__STRATUM_V2_LISTEN: "127.0.0.1:0" };
  const env = { ...Object.fromEntries(inherited), ...environment };
  const child = spawn("npm", ["start"], { cwd: ROOT, env, detached: true });
  npm = child;
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await until("the pool printed its URL", () => output.includes("stratum2+tcp://127.0.0.1:"));
  if (child.pid === undefined) throw new Error("npm did not start");
  return { pid: child.pid, ended };
}

afterEach(() => {
  if (npm?.pid === undefined || npm.exitCode !== null) return;
  process.kill(-npm.pid, "SIGKILL");
});

describe("npm start", () => {
  it("stops in order on Ctrl-C in its terminal", async () => {
    const { pid, ended } = await start();
    process.kill(-pid, "SIGINT");
    await until("the pool stopped", () => output.includes("INFO: stopped"));
    expect(await ended).toBe(0);
  });

  it("hands a SIGTERM on to the pool, which stops in order", async () => {
    const { pid, ended } = await start();
    process.kill(pid, "SIGTERM");
    await until("the pool stopped", () => output.includes("INFO: stopped"));
    await ended;
  });
});
