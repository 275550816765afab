import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { decodeAuthorityKey } from "../../src/noise/authority-key.ts";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { until } from "../support/wait.ts";
import { adit, CLI, dataDir, endRuns, pool } from "./adit-process.ts";

afterEach(endRuns);

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
    [["pool", "--netwrk", "main"], "there is no flag --netwrk; did you mean --network?"],
    [["keys", "--rpc-url", "x"], "there is no flag --rpc-url: --help lists those there are"],
    [["pool", "-x"], "there is no flag -x: --help lists those there are"],
    [["pool", "extra"], '"extra" belongs to no flag'],
    [["pool", "--stratum-v2", "192.0.2.1:3334"], "cannot listen on 192.0.2.1:3334: this machine does not have"],
    [["serve"], "there is no command serve: adit pool, adit miner"],
    [["pol"], "there is no command pol; did you mean pool?"],
    [["backups", "x", "--to", "y"], "there is no command backups; did you mean backup?"],
    [[], "a command is missing: adit pool, adit miner, adit probe, adit keys, adit report or adit backup is needed"],
    [["--verison"], "there is no flag --verison; did you mean --version?"],
    [["pool", "--simulate=maybe"], '--simulate is "maybe", but true or false'],
    [["pool", "--data-dir", "a", "--data-dir", "b"], "--data-dir is given twice"],
    [["keys", "--json=yes"], '--json is "yes", but true or false'],
    [["keys", "--data-dir", "/dev/null"], 'data_dir "/dev/null" cannot be used (EEXIST)'],
    [["miner"], "the pool's URL is missing"],
    [["probe"], "the pool's URL is missing: adit probe"],
    [["probe", "stratum2+tcp://127.0.0.1:1", "--timeout"], "Not enough arguments following: timeout"],
    [["probe", "stratum2+tcp://127.0.0.1:1", "--json=maybe"], '--json is "maybe", but true or false'],
    [["pool", "--trace", "miner-7"], '--trace: log.trace is "miner-7", but a list of connection ids and IP addresses'],
    [["miner", "stratum2+tcp://127.0.0.1:1", "--shares"], "Not enough arguments following: shares"],
    [["miner", "stratum2+tcp://127.0.0.1:1", "more"], '"more" belongs to no flag'],
    [["miner", "http://x"], "stratum2+tcp://HOST:PORT/KEY is needed"],
    [["miner", "stratum2+tcp://127.0.0.1:1"], "has no authority key"],
    [
      ["miner", "stratum2+tcp://127.0.0.1:1", "--plaintext", "--threads", "0"],
      '--threads is "0", but a whole number from 1 to',
    ],
  ])("%j ends with code 2 and one sentence", async (args, message) => {
    const run = adit(args, { ADIT_DATA_DIR: dataDir() });
    expect((await run.ended).code).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain("    at ");
    expect(run.stdout).toBe("");
  });

  it("is a program that can be run by its name, as npx does after each build", () => {
    accessSync(CLI, constants.X_OK);
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

  it("keys needs no more of the configuration than the data folder", async () => {
    const run = adit(["keys"], { ADIT_DATA_DIR: dataDir(), ADIT_NODE__0__RPC_URL: "http://127.0.0.1:1" });
    expect((await run.ended).code).toBe(0);
    expect(run.stdout).toContain("Authority public key");
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

  it("pool says first what runs, for whom it mines, and which process a signal goes to", async () => {
    const run = pool();
    await until("it listens", () => run.stderr.includes("listening"));
    const [first = ""] = run.stderr.split("\n");
    const facts = JSON.parse(/INFO: starting (\{.*\})$/.exec(first)?.[1] ?? "null");
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    const payout = { payoutMode: "pool", payoutAddress: "", feePercent: 0 };
    expect(facts).toEqual({
      version,
      processId: run.process.pid,
      dataDir: expect.any(String),
      network: "main",
      ...payout,
    });
    run.process.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  it("pool goes on where nobody reads its output, as behind head -1", async () => {
    const run = pool();
    run.process.stdout?.destroy();
    await until("it listens", () => run.stderr.includes("listening"));
    const port = Number(/"port":(\d+)/.exec(run.stderr)?.[1]);
    const peer = connect({ port, host: "127.0.0.1" });
    await once(peer, "connect");
    peer.destroy();
    run.process.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  it("pool says that its node is a simulation, prints nothing but its URL, and logs JSON where it is asked to", async () => {
    const run = pool(["--log-format", "json"]);
    const url = await run.url();
    expect(run.stdout).toBe(`${url}\n`);
    for (const line of run.stderr.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
    expect(run.stderr).toContain("simulated node");
  });
});
