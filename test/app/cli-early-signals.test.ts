/** Signals that come while the command is still loading its modules. */

import { afterEach, describe, expect, it } from "vitest";
import { until } from "../support/wait.ts";
import { adit, dataDir, endRuns, type Run } from "./adit-process.ts";

afterEach(endRuns);

/** A run to which a signal is sent when it asks for the parser of the command line, before anything of that is loaded. */
function signalled(signal: NodeJS.Signals, args: readonly string[]): Run {
  const hook = `
    export async function resolve(specifier, context, next) {
      if (specifier === "yargs") process.kill(process.pid, "${signal}");
      return next(specifier, context);
    }`;
  const preload = `import { register } from "node:module"; register(${JSON.stringify(dataUrl(hook))});`;
  return adit(args, { NODE_OPTIONS: `--import=${dataUrl(preload)}`, ADIT_LOG__FORMAT: "json" });
}

function dataUrl(module: string): string {
  return `data:text/javascript,${encodeURIComponent(module)}`;
}

const POOL = (): string[] => ["pool", "--data-dir", dataDir(), "--stratum-v2", "127.0.0.1:0"];

/** Messages of its log. */
function said(run: Run): unknown[] {
  const lines = run.stderr.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line).msg);
}

describe("adit pool, while it loads", () => {
  it("takes a SIGHUP for a reload, which it does once", async () => {
    const run = signalled("SIGHUP", POOL());
    await run.url();
    await until("it listens", () => said(run).includes("listening"));
    const reloads = said(run).filter((message) => String(message).startsWith("configuration reloaded"));
    expect(reloads).toEqual(["configuration reloaded: nothing changed"]);
    run.process.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  it.each(["SIGINT", "SIGTERM"] as const)("takes a %s for an orderly stop, with code 0", async (signal) => {
    const run = signalled(signal, POOL());
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(said(run).at(-1)).toBe("stopped");
  });
});

describe("adit miner, while it loads", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("takes a %s for an orderly stop, with code 0", async (signal) => {
    const run = signalled(signal, ["miner", "stratum2+tcp://127.0.0.1:1", "--plaintext", "--hashrate", "1e6"]);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stderr).toBe("");
  });
});

describe("adit probe and adit keys, while they load", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("are ended by a %s as later", async (signal) => {
    const runs = [
      signalled(signal, ["probe", "stratum2+tcp://127.0.0.1:1"]),
      signalled(signal, ["keys", "--data-dir", dataDir()]),
    ];
    for (const run of runs) expect(await run.ended).toEqual({ code: null, signal });
  });
});
