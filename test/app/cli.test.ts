import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { decodeAuthorityKey } from "../../src/noise/authority-key.ts";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { until } from "../support/wait.ts";

const CLI = join(import.meta.dirname, "../../dist/app/cli.js");

class Run {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  constructor(args: readonly string[], environment: Record<string, string> = {}) {
    this.process = spawn(process.execPath, [CLI, ...args], { env: { PATH: process.env.PATH, ...environment } });
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
      if (this.process.exitCode !== null) throw new Error(this.stderr);
      return this.stdout.includes("\n");
    });
    return this.stdout.split("\n")[0] ?? "";
  }
}

const runs: Run[] = [];

function adit(args: readonly string[], environment: Record<string, string> = {}): Run {
  const run = new Run(args, environment);
  runs.push(run);
  return run;
}

function dataDir(): string {
  return mkdtempSync(join(tmpdir(), "adit-cli-"));
}

function pool(args: readonly string[] = [], environment: Record<string, string> = {}): Run {
  return adit(["pool", "--data-dir", dataDir(), "--stratum-v2", "127.0.0.1:0", ...args], environment);
}

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.process.kill("SIGKILL");
    await run.ended;
  }
});

describe("adit", () => {
  it.each([
    [
      ["pool", "--network", "moon"],
      '--network: network is "moon", but one of main, testnet4, signet, regtest is needed',
    ],
    [["pool", "--stratum-v2", "here"], "--stratum-v2: stratum.stratum_v2_listen is"],
    [["pool", "-stratum-v2", "here"], "--stratum-v2: stratum.stratum_v2_listen is"],
    [["pool", "--config", "/no/such.toml"], '"/no/such.toml" cannot be read (ENOENT)'],
    [["pool", "--rpc-url", "http://127.0.0.1:1"], "payout.address is empty"],
    [["pool", "--no-such-flag"], "Unknown argument"],
    [["pol"], "Did you mean pool?"],
    [[], "Name a command"],
    [["miner"], "Not enough non-option arguments"],
    [["miner", "http://x"], "stratum2+tcp://HOST:PORT/KEY is needed"],
    [["miner", "stratum2+tcp://127.0.0.1:1"], "has no authority key"],
    [["miner", "stratum2+tcp://127.0.0.1:1", "--plaintext", "--threads", "0"], "--threads is 0"],
  ])("%j ends with code 2 and one sentence", async (args, message) => {
    const run = adit(args, { ADIT_DATA_DIR: dataDir() });
    expect((await run.ended).code).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain("    at ");
    expect(run.stdout).toBe("");
  });

  it("refuses an unknown variable of the environment", async () => {
    const run = adit(["pool"], { ADIT_NETWRK: "main" });
    expect((await run.ended).code).toBe(2);
    expect(run.stderr).toContain("did you mean network?");
  });

  it("ends with code 1 where the address is taken, and says so", async () => {
    const first = pool();
    const { port } = parsePoolUrl(await first.url());
    const second = adit(["pool", "--data-dir", dataDir(), "--stratum-v2", `127.0.0.1:${port}`]);
    expect((await second.ended).code).toBe(1);
    expect(second.stderr).toContain("another program listens there");
  });

  it("keys shows the public key of the pool, the same each time, and no secret", async () => {
    const environment = { ADIT_DATA_DIR: dataDir() };
    const [first, second] = [adit(["keys", "--json"], environment), adit(["keys"], environment)];
    await first.ended;
    await second.ended;
    const { authority_public_key } = JSON.parse(first.stdout);
    expect(decodeAuthorityKey(authority_public_key)).toHaveLength(32);
    expect(second.stdout).toContain(authority_public_key);
    expect(first.stdout + second.stdout).not.toMatch(/[0-9a-f]{64}/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("pool stops in order on %s, with code 0", async (signal) => {
    const run = pool();
    await run.url();
    const start = performance.now();
    run.process.kill(signal);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(run.stderr).toContain("stopped");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("pool ends at once on a second %s, with code %d", async (signal, code) => {
    const run = pool();
    const { port } = parsePoolUrl(await run.url());
    // A peer that never closes its side: the orderly stop waits for it.
    const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(peer, "connect");
    run.process.kill(signal);
    await until("it is stopping", () => run.stderr.includes("stopping"));
    // Not the same one twice at once, which npm makes of one.
    await until("it ended", () => {
      run.process.kill(signal);
      return run.process.exitCode !== null;
    });
    expect(run.process.exitCode).toBe(code);
    peer.destroy();
  });

  it("pool says that its node is a simulation, prints nothing but its URL, and logs JSON where it is asked to", async () => {
    const run = pool(["--log-format", "json"]);
    const url = await run.url();
    expect(run.stdout).toBe(`${url}\n`);
    for (const line of run.stderr.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
    expect(run.stderr).toContain("simulated node");
  });

  it.each(["standard", "extended"])(
    "miner finds shares and a block on a %s channel, and ends with code 0",
    async (channel) => {
      const server = pool([], { ADIT_MINING__SHARES_PER_MINUTE: "600" });
      const url = await server.url();
      const run = adit(["miner", url, "--channel", channel, "--shares", "4", "--user", "alice.rig", "--json"]);
      await until("the miner is done", () => run.process.exitCode !== null || run.stderr.includes("failed"));
      expect((await run.ended).code).toBe(0);
      const events = run.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(events.at(0)).toMatchObject({ event: "opened", channel });
      expect(events.at(-1)).toMatchObject({ event: "finished", exitCode: 0, rejected: 0 });
      expect(events.at(-1).accepted).toBeGreaterThanOrEqual(4);
      expect(server.stderr).toContain("alice.rig");
    },
    60_000,
  );

  it("miner refuses a pool with another authority key", async () => {
    const [one, other] = [pool(), pool()];
    const { port } = parsePoolUrl(await one.url());
    const wrong = (await other.url()).replace(/:\d+\//, `:${port}/`);
    const run = adit(["miner", wrong, "--shares", "1"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toContain("not signed by the authority key");
  });

  it("miner ends with code 1 where nobody listens", async () => {
    const run = adit(["miner", "stratum2+tcp://127.0.0.1:1", "--plaintext", "--shares", "1"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toContain("cannot connect to 127.0.0.1:1");
  });
});
