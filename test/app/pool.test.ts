import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { base58 } from "@scure/base";
import { afterEach, describe, expect, it } from "vitest";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { parseBlock } from "../../src/bitcoin/block.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { RawPeer } from "../server/raw-peer.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until, within } from "../support/wait.ts";
import { FakeNode } from "../templates/rpc-fake-node.ts";
import { gbt, TIP_A } from "../templates/rpc-gbt.ts";
import { PoolRun } from "./pool-run.ts";

const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const SCRIPT = "0014751e76e8199196d454941c45d1b3a323f1433bd6";

/** The logger's levels, as its JSON has them. */
const [DEBUG, INFO, WARN] = [20, 30, 40];

let run: PoolRun | undefined;
function start(environment: Readonly<Record<string, string>> = {}): PoolRun {
  run = new PoolRun(environment);
  return run;
}
afterEach(async () => {
  run?.stop();
  await run?.ended.catch(() => undefined);
  run = undefined;
});

/** Nodes on regtest, scripted: each with a template of a block that every second hash solves. */
const nodes: FakeNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

async function startNode(): Promise<FakeNode> {
  const node = await FakeNode.start();
  nodes.push(node);
  node.standing.set("getblockchaininfo", (call) => {
    call.result({ chain: "regtest", blocks: 100, bestblockhash: TIP_A });
  });
  node.standing.set("getbestblockhash", (call) => call.result(TIP_A));
  node.standing.set("getblocktemplate", (call) => call.result(gbt()));
  return node;
}

const REAL = {
  NETWORK: "regtest",
  PAYOUT__ADDRESS: ADDRESS,
  MINING__MIN_DIFFICULTY: "0",
  NODE__0__RPC_USER: "pool",
  NODE__0__RPC_PASSWORD: "s3cret-of-node-0",
};

async function mineBlock(on: PoolRun): Promise<TestMiner> {
  const { port } = await on.url();
  const miner = await new TestMiner({ port, kind: "extended" }).ready();
  miner.mine("block");
  return miner;
}

describe("a pool whose ledger is not there", () => {
  const said = "there is no ledger in the data folder: a new one is begun";

  it("says so where it has run before, and nothing of it where it is new or has one", async () => {
    const environment = { SIMULATE__ENABLED: "true", DATA_DIR: mkdtempSync(join(tmpdir(), "adit-ledger-")) };
    for (const isThere of [false, true]) {
      const pool = start(environment);
      await pool.url();
      pool.stop();
      await pool.ended;
      expect(pool.lines(said), `there: ${isThere}`).toEqual([]);
    }
    const file = join(environment.DATA_DIR, "ledger.db");
    for (const lose of [() => rmSync(file), () => writeFileSync(file, "")]) {
      lose();
      const pool = start(environment);
      await pool.url();
      pool.stop();
      await pool.ended;
      expect(pool.lines(said)).toMatchObject([{ level: WARN, file }]);
    }
    rmSync(file);
    writeFileSync(`${file}-wal`, "changes");
    const pool = start(environment);
    const [fault] = await pool.said("shares cannot be stored: their acknowledgements wait");
    expect(fault).toMatchObject({
      code: "ledger-corrupt",
      reason: expect.stringContaining("is gone, and what was stored"),
    });
    expect(pool.lines(said)).toEqual([]);
  });
});

describe("a pool with several nodes", () => {
  it("gives a found block to all of them, which pays to the address and carries what keeps pools apart", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const pool = start({
      ...REAL,
      NODE__0__RPC_URL: first.url,
      NODE__1__RPC_URL: second.url,
      NODE__1__RPC_USER: "other",
      NODE__1__RPC_PASSWORD: "s3cret-of-node-1",
      MINING__POOL_TAG: "/mine/",
      MINING__INSTANCE_ID: "515",
    });
    const miner = await mineBlock(pool);
    const calls = [await first.next("submitblock"), await second.next("submitblock")];
    expect(calls.map(({ authorization }) => authorization)).toEqual([
      basic("pool:s3cret-of-node-0"),
      basic("other:s3cret-of-node-1"),
    ]);
    expect(calls[1]?.params).toEqual(calls[0]?.params);
    const block = parseBlock(fromHex(String(calls[0]?.params[0])));
    const [coinbase] = block.transactions;
    expect(toHex(coinbase?.outputs[0]?.script ?? new Uint8Array(0))).toBe(SCRIPT);
    const script = Buffer.from(coinbase?.inputs[0]?.script ?? []);
    expect(script.toString("latin1")).toContain("/mine/");
    expect(toHex(miner.extranoncePrefix.subarray(0, 2))).toBe("0203");
    expect(toHex(miner.extranoncePrefix.subarray(2, 8)), "counted from where the process began").not.toBe(
      "000000000001",
    );
    expect(script.toString("hex")).toContain(toHex(miner.extranoncePrefix));
    for (const call of calls) call.result(null);
    await pool.said("block accepted");
    miner.close();
    // The second node is given blocks, and asked for its chain and where they stand: templates come from the first.
    expect(second.calls).not.toContain("getblocktemplate");
    expect(second.calls).not.toContain("longpoll");
  });

  it("has a block accepted where the first node is gone and the second takes it", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const pool = start({ ...REAL, NODE__0__RPC_URL: first.url, NODE__1__RPC_URL: second.url });
    first.standing.set("submitblock", (call) => call.cut());
    second.standing.set("submitblock", (call) => call.result(null));
    const miner = await mineBlock(pool);
    expect(await pool.said("block accepted")).toHaveLength(1);
    miner.close();
  });
});

describe("an outage of the node", () => {
  it("is one line of the log, with its code, and its end is another", async () => {
    const node = await startNode();
    node.standing.set("getblockchaininfo", (call) => call.http(403));
    const pool = start({ ...REAL, NODE__0__RPC_URL: node.url });
    await goesOnUntil(pool, "no work to give out");
    const tries = node.calls.length;
    await until("it was tried again, and again", () => {
      pool.clock.advance(100);
      return node.calls.length >= tries + 3;
    });
    node.standing.set("getblockchaininfo", (call) => {
      call.result({ chain: "regtest", blocks: 100, bestblockhash: TIP_A });
    });
    await goesOnUntil(pool, "work is available again");
    const source = `rpc:${node.url}`;
    expect(pool.lines("no work to give out")).toMatchObject([{ level: WARN, code: "rpc-forbidden", source }]);
    expect(pool.lines("work is available again")).toMatchObject([{ level: INFO, source }]);
    const sources = pool.lines("template source unavailable").concat(pool.lines("template source ready"));
    expect(sources.map(({ level }) => level)).toEqual([DEBUG, DEBUG]);
  });
});

describe("a log and the output", () => {
  const cases: readonly (readonly [string, (node: FakeNode, pool: string) => Record<string, string>])[] = [
    ["user and password", ({ url }) => ({ NODE__0__RPC_URL: url, NODE__0__RPC_PASSWORD: "hunter2:hunter2" })],
    ["a cookie", ({ url }, folder) => ({ NODE__0__RPC_URL: url, NODE__0__RPC_COOKIE: join(folder, ".cookie") })],
    [
      "a URL with a password",
      ({ url }) => ({
        NODE__0__RPC_URL: url.replace("//", "//alice:hunter2%3Ahunter2@"),
        NODE__0__RPC_USER: "",
        NODE__0__RPC_PASSWORD: "",
      }),
    ],
  ];

  it.each(cases)("hold no secret where the node is known by %s, whatever goes wrong", async (_, options) => {
    const node = await startNode();
    const folder = mkdtempSync(join(tmpdir(), "adit-cookie-"));
    writeFileSync(join(folder, ".cookie"), "__cookie__:hunter2:hunter2");
    const sent: (string | undefined)[] = [];
    node.standing.set("getblockchaininfo", (call) => {
      sent.push(call.authorization);
      call.http(401);
    });
    const pool = start({ ...REAL, ...options(node, folder) });
    await goesOnUntil(pool, "no work to give out");
    expect(sent[0]).toMatch(/^Basic /);
    node.standing.set("getblockchaininfo", (call) => call.error(-28, "Loading block index…"));
    await goesOnUntil(pool, "warming up");
    node.standing.set("getblockchaininfo", (call) => {
      call.result({ chain: "regtest", blocks: 100, bestblockhash: TIP_A });
    });
    await goesOnUntil(pool, "work is available again");
    node.standing.set("submitblock", (call) => call.http(401));
    const miner = await mineBlock(pool);
    await pool.said("block found");
    miner.close();
    pool.stop();
    expect(await pool.ended).toBe(0);
    const text = pool.logged + pool.printed.join("\n");
    const secrets = [
      ...sent.map((header) => String(header).slice("Basic ".length)),
      "hunter2",
      ...keysIn(pool.dataDir),
    ];
    expect(secrets.length).toBeGreaterThan(5);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

/** Lets time pass until the pool's source has tried again and said something else. */
async function goesOnUntil(pool: PoolRun, words: string): Promise<void> {
  await until(`it says "${words}"`, () => {
    pool.clock.advance(100);
    return pool.logged.includes(words);
  });
}

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString("base64")}`;
}

/** Every secret key in the data folder, in the forms that a log could show it in. */
function keysIn(dataDir: string): string[] {
  const folder = join(dataDir, "keys");
  return readdirSync(folder).flatMap((name) => {
    const hex = readFileSync(join(folder, name), "utf8").trim();
    const bytes = Buffer.from(hex, "hex");
    expect(bytes).toHaveLength(32);
    return [hex, bytes.toString("base64"), base58.encode(bytes), [...bytes].join(","), JSON.stringify({ ...bytes })];
  });
}

describe("the URL for miners", () => {
  it("is the one line that is printed, with the port that was given, the host listened on and the key on disk", async () => {
    const pool = start();
    const { host, port, authorityPublicKey } = await pool.url();
    expect(host).toBe("127.0.0.1");
    const [{ port: listening } = {}] = await pool.said("listening");
    expect(port).toBe(listening);
    expect(authorityPublicKey).toEqual(loadOrCreateKeys(pool.dataDir).authorityPublicKey);
    expect(pool.printed).toHaveLength(1);
  });

  it("has the configured host, whatever is listened on", async () => {
    const pool = start({ STRATUM__PUBLIC_HOST: "pool.example" });
    expect((await pool.url()).host).toBe("pool.example");
  });

  it.each([":0", "0.0.0.0:0"])("has an address that others can reach where %s is listened on", async (listen) => {
    const pool = start({ STRATUM__STRATUM_V2_LISTEN: listen });
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const outward = all.find(({ family, internal }) => family === "IPv4" && !internal);
    expect((await pool.url()).host).toBe(outward?.address ?? "127.0.0.1");
  });
});

describe("a pool", () => {
  it("closes a connection that opened no channel within the time that is configured", async () => {
    const pool = start({ LIMITS__NO_CHANNEL_TIMEOUT_SECONDS: "20" });
    const { port } = await pool.url();
    const peer = await new RawPeer({ port }).setUp();
    pool.clock.advance(19_999);
    expect(pool.logged).not.toContain("no-channel-timeout");
    pool.clock.advance(1_001);
    expect(pool.logged).toContain("no-channel-timeout");
    await within(peer.closed, "the pool closes the connection");
  });

  it("that is told to stop while its node keeps it waiting ends in order, and prints no URL", async () => {
    const node = await startNode();
    node.standing.delete("getblockchaininfo");
    const pool = start({ ...REAL, NODE__0__RPC_URL: node.url });
    await node.next("getblockchaininfo");
    pool.stop();
    expect(await pool.ended).toBe(0);
    expect(pool.printed).toEqual([]);
    expect(await pool.said("stopping")).toMatchObject([{ signal: "SIGTERM", connections: 0, channels: 0 }]);
    await pool.said("stopped");
    expect(pool.clock.pending).toBe(0);
  });

  it("whose node is of another network does not start", async () => {
    const node = await startNode();
    node.standing.set("getblockchaininfo", (call) => call.result({ chain: "main", blocks: 1, bestblockhash: TIP_A }));
    const pool = start({ ...REAL, NODE__0__RPC_URL: node.url });
    await expect(pool.ended).rejects.toMatchObject({ code: "wrong-network", disposition: { kind: "shutdown" } });
    expect(pool.printed).toEqual([]);
    expect(pool.clock.pending).toBe(0);
  });
});
