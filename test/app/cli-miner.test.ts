import { cpSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { lastingPort } from "../support/lasting-port.ts";
import { until } from "../support/wait.ts";
import { adit, dataDir, endRuns, pool, type Run } from "./adit-process.ts";

afterEach(endRuns);

/** So many shares that a miner soon has some, and no block, after which a share on its way would be stale. */
const FAST = { ADIT_MINING__SHARES_PER_MINUTE: "600", ADIT_SIMULATE__DIFFICULTY: "1e9" };

function eventsOf(run: Run) {
  return run.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function untilEvent(run: Run, name: string, times = 1): Promise<void> {
  await until(`${name}, for the ${times}. time`, () => {
    if (run.process.exitCode !== null) throw new Error(`it ended: ${run.stderr}`);
    return eventsOf(run).filter(({ event }) => event === name).length >= times;
  });
}

describe("adit miner", () => {
  it.each([
    { channel: "standard", plaintext: false },
    { channel: "extended", plaintext: false },
    { channel: "standard", plaintext: true },
    { channel: "extended", plaintext: true },
  ])("finds shares on a $channel channel, plaintext: $plaintext, and ends with code 0", async (variant) => {
    const { channel, plaintext } = variant;
    const server = pool([], FAST);
    const url = await server.url();
    const flags = ["--channel", channel, "--shares", "4", "--user", "alice.rig", "--threads", "2", "--json"];
    const run = adit(["miner", url, ...flags, ...(plaintext ? ["--plaintext"] : [])]);
    expect((await run.ended).code).toBe(0);
    expect(run.stderr).toBe("");
    const events = eventsOf(run);
    expect(events.at(0)).toMatchObject({ event: "opened", channel });
    expect(events.at(-1)).toMatchObject({ event: "finished", exitCode: 0, rejected: 0 });
    expect(events.at(-1).accepted).toBeGreaterThanOrEqual(4);
    await until("the pool saw it go", () => server.stderr.includes("client-stopped"));
    expect(server.stderr).toContain("alice.rig");
  });

  it("finds blocks that the simulated node accepts", async () => {
    // A tenth of the default difficulty, so that luck does not decide.
    const server = pool([], { ADIT_SIMULATE__DIFFICULTY: "0.0005" });
    const run = adit(["miner", await server.url()]);
    await until("the block is accepted", () => server.stderr.includes("block accepted"));
    run.process.kill("SIGINT");
    expect((await run.ended).code).toBe(0);
  });

  it("shows people what it does", async () => {
    const server = pool([], FAST);
    const url = await server.url();
    const run = adit(["miner", url, "--shares", "2", "--hashrate", "5e6"]);
    expect((await run.ended).code).toBe(0);
    expect(run.stderr).toBe("");
    const lines = run.stdout.trimEnd().split("\n");
    const { port } = parsePoolUrl(url);
    const time = String.raw`^\d\d:\d\d:\d\d `;
    expect(lines[0]).toMatch(
      new RegExp(`${time}mining on 127\\.0\\.0\\.1:${port}, extended channel, announced 5\\.00 MH/s$`),
    );
    expect(lines[1]).toMatch(new RegExp(`${time}a block pays \\d+\\.\\d{8} BTC to script 0014(?:00){20}$`));
    expect(lines.at(-1)).toMatch(
      new RegExp(`${time}[\\d.]+ [kMG]H/s \\| accepted \\d+ \\| rejected 0 \\| difficulty [\\d.]+`),
    );
  });

  it("refuses a pool with another authority key, in one line", async () => {
    const [one, other] = [pool(), pool()];
    const { port } = parsePoolUrl(await one.url());
    const wrong = (await other.url()).replace(/:\d+\//, `:${port}/`);
    const run = adit(["miner", wrong, "--shares", "1"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toMatch(/^adit: the pool's certificate is not signed by the authority key in the URL: .*\n$/);
    expect(run.stdout).toBe("");
  });

  it("ends with code 1 where nobody listens, in one line", async () => {
    const run = adit(["miner", "stratum2+tcp://127.0.0.1:1", "--plaintext"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toBe(
      "adit: cannot connect to 127.0.0.1:1 (ECONNREFUSED): check that the pool runs, and its host and port in the URL\n",
    );
    expect(run.stdout).toBe("");
  });

  it("tells programs as well why it gave up", async () => {
    const run = adit(["miner", "stratum2+tcp://127.0.0.1:1", "--plaintext", "--json"]);
    expect((await run.ended).code).toBe(1);
    expect(eventsOf(run)).toMatchObject([
      { event: "failed", code: "connect-failed" },
      { event: "finished", exitCode: 1, accepted: 0 },
    ]);
  });

  it("says what to do where the pool takes no plaintext", async () => {
    const server = pool([], { ADIT_STRATUM__PLAINTEXT: "never" });
    const run = adit(["miner", await server.url(), "--plaintext"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toMatch(/^adit: .* use its URL with the key, without --plaintext\n$/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops in order on %s, with code 0", async (signal) => {
    const server = pool([], FAST);
    const run = adit(["miner", await server.url(), "--json"]);
    await untilEvent(run, "accepted");
    run.process.kill(signal);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(eventsOf(run).at(-1)).toMatchObject({ event: "finished", exitCode: 0 });
    await until("the pool saw it go", () => server.stderr.includes("client-stopped"));
  });

  it("comes back when its pool was killed and is started again", async () => {
    const environment = { ADIT_DATA_DIR: dataDir(), ...FAST };
    const first = adit(["pool", "--stratum-v2", `127.0.0.1:${await lastingPort()}`], environment);
    const url = await first.url();
    const run = adit(["miner", url, "--json"]);
    await untilEvent(run, "accepted");
    first.process.kill("SIGKILL");
    await untilEvent(run, "disconnected");
    const second = adit(["pool", "--stratum-v2", `127.0.0.1:${parsePoolUrl(url).port}`], environment);
    expect(await second.url()).toBe(url);
    await untilEvent(run, "opened", 2);
    const before = eventsOf(run).filter(({ event }) => event === "accepted").length;
    await untilEvent(run, "accepted", before + 1);
    run.process.kill("SIGINT");
    expect((await run.ended).code).toBe(0);
  });

  it("goes on at the host that its pool sends it to, which has the same key", async () => {
    const [firstFolder, otherFolder] = [dataDir(), dataDir()];
    const other = adit(["pool", "--data-dir", otherFolder, "--stratum-v2", "127.0.0.1:0"], FAST);
    const { port } = parsePoolUrl(await other.url());
    cpSync(otherFolder, firstFolder, { recursive: true });
    const first = adit(["pool", "--data-dir", firstFolder, "--stratum-v2", "127.0.0.1:0"], {
      ...FAST,
      ADIT_SERVER__RECONNECT_TO: `localhost:${port}`,
    });
    const run = adit(["miner", await first.url(), "--json"]);
    await untilEvent(run, "accepted");
    first.process.kill("SIGTERM");
    expect((await first.ended).code).toBe(0);
    await untilEvent(run, "opened", 2);
    const before = eventsOf(run).filter(({ event }) => event === "accepted").length;
    await untilEvent(run, "accepted", before + 1);
    run.process.kill("SIGINT");
    expect((await run.ended).code).toBe(0);
    const places = eventsOf(run).filter(({ event }) => event === "reconnect" || event === "opened");
    expect(places.slice(1)).toMatchObject([
      { event: "reconnect", host: "localhost", port, answer: "followed" },
      { event: "opened", host: "localhost", port },
    ]);
    await until("the other pool saw it", () => other.stderr.includes("client-stopped"));
  });

  it("stops in order when nobody reads its output any more", async () => {
    const server = pool([], FAST);
    const run = adit(["miner", await server.url(), "--json"]);
    await untilEvent(run, "opened");
    run.process.stdout?.destroy();
    expect((await run.ended).code).toBe(0);
    expect(run.stderr).toBe("");
    await until("the pool saw it go", () => server.stderr.includes("client-stopped"));
  });
});
