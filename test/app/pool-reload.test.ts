import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parsePoolUrl } from "../../src/noise/pool-url.ts";
import { OpenStandardMiningChannelSuccess } from "../../src/wire/channel-messages.ts";
import { Reconnect } from "../../src/wire/common-messages.ts";
import { NewMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { RawPeer } from "../server/raw-peer.ts";
import { until, within } from "../support/wait.ts";
import { FakeNode } from "../templates/rpc-fake-node.ts";
import { PoolRun } from "./pool-run.ts";

let run: PoolRun;
afterEach(async () => {
  run.stop();
  await run.ended.catch(() => undefined);
});

/** With every hash a share. */
const EASY = "[mining]\nmin_difficulty = 0\n";
const NOTHING = "configuration reloaded: nothing changed";

function start(file: string, environment: Record<string, string> = {}): void {
  run = new PoolRun({ SIMULATE__DIFFICULTY: "1e9", ...environment }, file);
}

function reloadWith(file: string): void {
  run.write(file);
  run.reload();
}

async function miner(): Promise<{ readonly peer: RawPeer; readonly id: number }> {
  const peer = await new RawPeer({ port: (await run.url()).port }).setUp();
  const id = await peer.open();
  // What is announced for the next tip.
  await peer.next(NewMiningJob);
  return { peer, id };
}

describe("a running pool whose configuration is read again", () => {
  it("has its miners follow, acknowledges as it says now, and sends them where it says now", async () => {
    start(EASY);
    const { peer, id } = await miner();
    reloadWith('[mining]\nmin_difficulty = 1e-9\nack_interval_ms = 7000\n[server]\nreconnect_to = "b.example:7"\n');
    expect((await peer.next(SetTarget)).channel_id).toBe(id);
    reloadWith('[mining]\nmin_difficulty = 0\nack_interval_ms = 7000\n[server]\nreconnect_to = "b.example:7"\n');
    peer.share(id, { ntime: Math.floor(run.clock.nowMs() / 1_000) });
    await run.clock.waiting(7_000);
    run.stop();
    await peer.next(SubmitSharesSuccess);
    expect(await peer.next(Reconnect)).toEqual({ new_host: "b.example", new_port: 7 });
    expect(await run.ended).toBe(0);
  });

  it("prints its URL again where its public host changed, and only there", async () => {
    start("");
    const { port, authorityPublicKey } = await run.url();
    reloadWith("[mining]\nack_count = 5\n");
    expect(run.printed).toHaveLength(1);
    reloadWith('[stratum]\npublic_host = "pool.example"\n');
    expect(run.printed.slice(1).map(parsePoolUrl)).toEqual([{ host: "pool.example", port, authorityPublicKey }]);
    reloadWith("");
    expect(run.printed.slice(2).map(parsePoolUrl)).toEqual([{ host: "127.0.0.1", port, authorityPublicKey }]);
  });

  it("goes on with what it had where the file is wrong, and where it is gone", async () => {
    start(EASY);
    const { peer, id } = await miner();
    reloadWith("[mining]\nmin_difficulty = 5\nack_count = 0\n");
    rmSync(join(run.dataDir, "config", "config.toml"));
    run.reload();
    expect(run.lines("configuration not reloaded").map(({ error }) => error)).toEqual([
      expect.stringContaining("mining.ack_count is 0"),
      expect.stringContaining('config.toml" is gone: it has to be there again'),
    ]);
    peer.share(id, { ntime: Math.floor(run.clock.nowMs() / 1_000) });
    await until("the share is acknowledged", () => {
      run.clock.advance(250);
      return peer.unread > 0;
    });
    await peer.next(SubmitSharesSuccess);
  });

  it("logs at the other level at once", async () => {
    start('[log]\nlevel = "info"\n');
    await run.url();
    reloadWith('[log]\nlevel = "error"\n');
    reloadWith('[log]\nlevel = "error"\n');
    expect(run.lines("configuration reloaded")).toMatchObject([{ key: "log.level", from: "info", to: "error" }]);
    expect(run.lines(NOTHING)).toEqual([]);
    reloadWith('[log]\nlevel = "debug"\n');
    expect(run.lines("configuration reloaded")).toHaveLength(2);
  });

  it("writes the messages of whom it names now, of a miner that is connected too, each time to a file of its own", async () => {
    start(EASY);
    const { peer } = await miner();
    const traces = () => readdirSync(run.dataDir).filter((name) => name.startsWith("trace-"));
    const read = (file: string): string[] =>
      readFileSync(join(run.dataDir, file), "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line).message);
    reloadWith(`${EASY}[log]\ntrace = "127.0.0.1"\n`);
    expect(run.lines("configuration reloaded")).toMatchObject([{ key: "log.trace", from: "", to: "127.0.0.1" }]);
    expect(run.lines("messages are traced")).toMatchObject([{ connectionId: "1" }]);
    const open = (): Promise<unknown> => {
      peer.sendOpen();
      return peer.find(OpenStandardMiningChannelSuccess);
    };
    await open();
    run.clock.advance(1);
    reloadWith(`${EASY}[log]\ntrace = "1"\n`);
    await open();
    reloadWith(EASY);
    await open();
    const opens = traces()
      .sort()
      .map((file) => read(file).filter((message) => message.startsWith("Open")));
    expect(opens).toEqual(Array(2).fill(["OpenStandardMiningChannel", "OpenStandardMiningChannel.Success"]));
  });

  it("twice at once finds nothing to do the second time", async () => {
    start("");
    await run.url();
    run.write("[mining]\nack_count = 5\n");
    run.reload();
    run.reload();
    expect(run.lines("configuration reloaded")).toHaveLength(1);
    expect(run.lines(NOTHING)).toHaveLength(1);
  });
});

describe("a configuration that is read again", () => {
  it("while the pool starts is what it starts with", async () => {
    const node = await FakeNode.start();
    const address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    start("", { NETWORK: "regtest", PAYOUT__ADDRESS: address, NODE__0__RPC_URL: node.url });
    const call = await node.next("getblockchaininfo");
    reloadWith('[stratum]\npublic_host = "pool.example"\n');
    expect(run.printed).toEqual([]);
    call.error(-28, "Loading block index…");
    expect((await run.url()).host).toBe("pool.example");
    expect(run.printed).toHaveLength(1);
    run.stop();
    await run.ended;
    await node.stop();
  });

  it("while the pool stops changes nothing", async () => {
    start("");
    const peer = new RawPeer({ port: (await run.url()).port, keepsOpen: true });
    await peer.setUp();
    run.stop();
    await within(peer.ended, "the server's end");
    reloadWith("[mining]\nack_count = 5\n");
    expect(run.lines("configuration reloaded")).toEqual([]);
    expect(run.lines("configuration not reloaded: the pool is stopping")).toHaveLength(1);
    peer.socket.destroy();
    expect(await run.ended).toBe(0);
  });
});
