/** The adit command as a process of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/wait.ts";

export const CLI: string = join(import.meta.dirname, "../../dist/app/cli.js");

/** One run of the command, from dist/. */
export class Run {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  /** @param launcher a command that becomes the one behind it. */
  constructor(args: readonly string[], environment: Record<string, string> = {}, launcher: readonly string[] = []) {
    const [program = process.execPath, ...rest] = [...launcher, process.execPath, CLI, ...args];
    this.process = spawn(program, rest, { env: { PATH: process.env.PATH, ...environment } });
    this.process.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.ended = new Promise((resolve) => this.process.on("exit", (code, signal) => resolve({ code, signal })));
  }

  async url(): Promise<string> {
    await until("the pool printed its URL", () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) throw new Error(this.stderr);
      return this.stdout.includes("\n");
    });
    return this.stdout.split("\n")[0] ?? "";
  }
}

const runs: Run[] = [];

export function adit(
  args: readonly string[],
  environment: Record<string, string> = {},
  launcher: readonly string[] = [],
): Run {
  const run = new Run(args, environment, launcher);
  runs.push(run);
  return run;
}

export function dataDir(): string {
  return mkdtempSync(join(tmpdir(), "adit-cli-"));
}

/** A pool on a free loopback port. */
export function pool(args: readonly string[] = [], environment: Record<string, string> = {}): Run {
  return adit(["pool", "--data-dir", dataDir(), "--stratum-v2", "127.0.0.1:0", ...args], environment);
}

/** Ends what was started. */
export async function endRuns(): Promise<void> {
  for (const run of runs.splice(0)) {
    run.process.kill("SIGKILL");
    await run.ended;
  }
}
