import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { Reconnect } from "../../src/wire/common-messages.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { RawPeer } from "../server/raw-peer.ts";
import { until, within } from "../support/wait.ts";
import { adit, dataDir, endRuns, type Run } from "./adit-process.ts";

afterEach(endRuns);

/** Shares without end, and no block, after which one on its way would be stale. */
const FAST = { ADIT_MINING__SHARES_PER_MINUTE: "600", ADIT_SIMULATE__DIFFICULTY: "1e9", ADIT_LOG__FORMAT: "json" };

function eventsOf(run: Run): Record<string, unknown>[] {
  return run.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** What the miner knows to be accepted. */
function acceptedBy(run: Run): number {
  return Number(eventsOf(run).findLast(({ event }) => event === "accepted")?.accepted ?? 0);
}

function logOf(run: Run, message: string): Record<string, unknown>[] {
  const lines = run.stderr.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message);
}

async function said(run: Run, message: string, times = 1): Promise<Record<string, unknown>[]> {
  await until(`"${message}", for the ${times}. time`, () => {
    if (run.process.exitCode !== null) throw new Error(run.stderr);
    return logOf(run, message).length >= times;
  });
  return logOf(run, message);
}

/** A pool with a configuration file of its own. */
function poolWith(file: string, environment: Record<string, string>): { readonly run: Run; write(file: string): void } {
  const folder = dataDir();
  mkdirSync(join(folder, "config"));
  const path = join(folder, "config", "config.toml");
  const write = (text: string): void => writeFileSync(path, text);
  write(file);
  return { run: adit(["pool", "--data-dir", folder, "--stratum-v2", "127.0.0.1:0"], environment), write };
}

describe("adit pool on SIGTERM", () => {
  it("loses no accepted share: its miners know of as many as the ledger has", async () => {
    const { run: server } = poolWith("[mining]\nack_interval_ms = 700\n", FAST);
    const url = await server.url();
    const miners = ["standard", "extended", "extended"].map((kind) =>
      adit(["miner", url, "--json", "--channel", kind]),
    );
    for (const miner of miners) {
      await until("it has acknowledged shares", () => acceptedBy(miner) > 0 || miner.process.exitCode !== null);
    }
    server.process.kill("SIGTERM");
    expect(await server.ended).toEqual({ code: 0, signal: null });
    for (const miner of miners) {
      await until("it has noticed", () => eventsOf(miner).some(({ event }) => event === "disconnected"));
    }
    const accepted = miners.reduce((sum, miner) => sum + acceptedBy(miner), 0);
    expect(logOf(server, "stopped")).toMatchObject([{ shares: accepted }]);
    expect(accepted).toBeGreaterThan(2);
  });

  it("is told what became of each share by a miner that stops first", async () => {
    const { run: server } = poolWith("[mining]\nack_interval_ms = 700\n", FAST);
    const miner = adit(["miner", await server.url(), "--json"]);
    await until("it has acknowledged shares", () => acceptedBy(miner) > 0);
    miner.process.kill("SIGTERM");
    expect((await miner.ended).code).toBe(0);
    server.process.kill("SIGTERM");
    await server.ended;
    expect(logOf(server, "stopped")).toMatchObject([{ shares: eventsOf(miner).at(-1)?.accepted }]);
  });

  it("sends its miners elsewhere, within Noise", async () => {
    const { run: server } = poolWith('[server]\nreconnect_to = "pool-b.example:3335"\n', FAST);
    const { port, authorityPublicKey = new Uint8Array(0) } = parsePoolUrl(await server.url());
    const noise = { authorityPublicKey, nowSeconds: Math.floor(Date.now() / 1_000) };
    const peer = await (await new RawPeer({ port, noise }).ready()).setUp();
    server.process.kill("SIGTERM");
    expect(await peer.next(Reconnect)).toEqual({ new_host: "pool-b.example", new_port: 3335 });
    await within(peer.closed, "the end of the connection");
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });
});

describe("adit pool on SIGHUP", () => {
  const environment = { ADIT_SIMULATE__DIFFICULTY: "1e9", ADIT_LOG__FORMAT: "json" };

  it("has its miners find as many shares as its file says now, on the connections that they have", async () => {
    const { run: server, write } = poolWith("[mining]\nshares_per_minute = 0.1\n", environment);
    const { port } = parsePoolUrl(await server.url());
    const peer = await new RawPeer({ port }).setUp();
    peer.sendOpen({ nominal_hash_rate: 1e9 });
    const id = await peer.opened();
    write("[mining]\nshares_per_minute = 600\n");
    server.process.kill("SIGHUP");
    const [line] = await said(server, "configuration reloaded");
    expect(line).toMatchObject({ key: "mining.shares_per_minute", from: 0.1, to: 600 });
    // It finds nothing. Where a share in ten minutes is wanted, that says nothing for an hour; now it does in seconds.
    expect((await peer.find(SetTarget)).channel_id).toBe(id);
    peer.socket.destroy();
  });

  it("runs on with what it had where its file is wrong, and takes the next one", async () => {
    const { run: server, write } = poolWith("[mining]\nack_count = 5\n", environment);
    const { port } = parsePoolUrl(await server.url());
    const peer = await new RawPeer({ port }).setUp();
    const id = await peer.open();
    write("[mining]\nmin_difficulty = lots\n");
    server.process.kill("SIGHUP");
    const [line] = await said(server, "configuration not reloaded");
    expect(line?.error).toMatch(/config\.toml is no TOML in line 2: /);
    write("[mining]\nack_count = 5\nmin_difficulty = 7\nworkers = 3\n");
    server.process.kill("SIGHUP");
    expect((await peer.find(SetTarget)).channel_id).toBe(id);
    expect(await said(server, "configuration not reloaded: a restart is needed")).toMatchObject([
      { key: "mining.workers" },
    ]);
    peer.socket.destroy();
    server.process.kill("SIGTERM");
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it("says that nothing changed where it has no file", async () => {
    const server = adit(["pool", "--data-dir", dataDir(), "--stratum-v2", "127.0.0.1:0"], environment);
    await server.url();
    server.process.kill("SIGHUP");
    await said(server, "configuration reloaded: nothing changed");
    server.process.kill("SIGHUP");
    await said(server, "configuration reloaded: nothing changed", 2);
    expect(server.process.exitCode).toBeNull();
  });
});

describe("adit miner on SIGHUP", () => {
  it("stops in order: its terminal is gone", async () => {
    const { run: server } = poolWith("", FAST);
    const miner = adit(["miner", await server.url(), "--json"]);
    await until("it has acknowledged shares", () => acceptedBy(miner) > 0);
    miner.process.kill("SIGHUP");
    expect(await miner.ended).toEqual({ code: 0, signal: null });
    await until("the pool saw it go", () => server.stderr.includes("client-stopped"));
  });
});
