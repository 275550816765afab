import { beforeEach, describe, expect, it } from "vitest";
import { ListenError } from "../../src/server/errors.ts";
import { CloseChannel } from "../../src/wire/channel-messages.ts";
import { SetupConnectionError } from "../../src/wire/common-messages.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { until, within } from "../support/wait.ts";
import { isTaken, StratumBench, someTurns } from "./stratum-bench.ts";

const GRACE_MS = 2_000;

let bench: StratumBench;
beforeEach(async () => {
  bench = await StratumBench.start();
});

describe("a connection that ends", () => {
  it("has what was queued for it before it is closed", async () => {
    const peer = await bench.join();
    peer.sendSetup({ protocol: 1 });
    expect((await peer.next(SetupConnectionError)).error_code).toBe("unsupported-protocol");
    await within(peer.closed, "the end of the connection");
    await bench.left(0);
    expect(bench.ends).toEqual(["setup-refused"]);
    // Nothing is left but the look at deadlines.
    expect(bench.clock.pending).toBe(1);
  });

  it("by the peer's own end of sending has its answers still", async () => {
    const peer = await (await bench.join({ keepsOpen: true })).setUp();
    peer.sendOpen();
    peer.socket.end();
    await peer.opened();
    await within(peer.closed, "the end of the connection");
    expect(bench.ends).toEqual(["peer-closed"]);
  });

  it("is told with who it was, how long it lived and what became of its shares, of closed channels too", async () => {
    const peer = await (await (await bench.join({ encrypted: true })).ready()).setUp({ vendor: "axe", firmware: "v7" });
    const first = await peer.open();
    peer.share(first);
    peer.share(first, { job_id: 99 });
    peer.share(await peer.open());
    // The answer to it comes after all three shares.
    await peer.open();
    bench.mining.pool.flushShares();
    peer.send(CloseChannel, { channel_id: first, reason_code: "bye" });
    await until("the channel is closed", () => bench.logger.of("channel closed").length === 1);
    bench.clock.advance(5_000);
    peer.socket.end();
    await bench.left(0);
    const who = { connectionId: "1", address: "127.0.0.1", vendor: "axe", firmware: "v7", transport: "noise" };
    const byConnection = { by: "connection", reasonCode: "peer-closed", rejectedShares: 0 };
    expect(bench.logger.of("channel closed")).toMatchObject([
      { ...who, by: "client", reasonCode: "bye", acceptedShares: 1, rejectedShares: 1 },
      { ...who, ...byConnection, acceptedShares: 1 },
      { ...who, ...byConnection, acceptedShares: 0 },
    ]);
    expect(bench.logger.of("connection ended")).toMatchObject([
      { ...who, reason: "peer-closed", livedSeconds: 5, openChannels: 2, acceptedShares: 2, rejectedShares: 1 },
    ]);
  });

  it("by a reset of the network frees all it had", async () => {
    const peer = await (await bench.join()).setUp();
    await peer.open();
    expect(bench.mining.pool.openChannels).toBe(1);
    peer.socket.resetAndDestroy();
    await bench.left(0);
    expect(bench.ends).toEqual(["socket-error"]);
    expect(bench.mining.pool.openChannels).toBe(0);
  });

  it("is cut off two seconds later where the peer does not close its side, whatever that sends", async () => {
    const peer = await bench.join({ keepsOpen: true });
    peer.sendSetup({ protocol: 1 });
    await within(peer.ended, "the server's end");
    bench.clock.advance(GRACE_MS - 1);
    peer.bytes(new Uint8Array(100));
    await someTurns();
    expect(bench.server.connections).toBe(1);
    bench.clock.advance(1);
    await bench.left(0);
  });
});

describe("close()", () => {
  it("resolves at once where nobody is connected, and leaves no timer and no port", async () => {
    await within(bench.server.close(), "the close");
    expect(bench.clock.pending).toBe(0);
    expect(await isTaken(bench.port)).toBe(false);
  });

  it("resolves where it never listened", async () => {
    await within(new StratumBench().server.close(), "the close");
  });

  it("writes out what is queued, ends every connection, and resolves when all are gone", async () => {
    const miner = await (await bench.join()).setUp();
    await miner.open();
    const encrypted = await (await bench.join({ encrypted: true })).ready();
    const silent = await bench.join();
    bench.template();
    const closed = bench.server.close();
    await miner.next(NewMiningJob);
    await within(closed, "the close");
    for (const peer of [miner, encrypted, silent]) await within(peer.closed, "the end of the connection");
    expect(bench.ends).toEqual(["shutdown", "shutdown", "shutdown"]);
    expect(bench.server.connections).toBe(0);
    expect(bench.mining.pool.openChannels).toBe(0);
    expect(bench.clock.pending).toBe(0);
  });

  it("waits for peers that do not close their side, and cuts them off after two seconds", async () => {
    await bench.join({ keepsOpen: true });
    const closing = await bench.join({ keepsOpen: true });
    closing.sendSetup({ protocol: 1 });
    await within(closing.ended, "the server's end");
    let done = false;
    const closed = bench.server.close().then(() => {
      done = true;
    });
    bench.clock.advance(GRACE_MS - 1);
    await someTurns();
    expect(done).toBe(false);
    bench.clock.advance(1);
    await within(closed, "the close");
    expect(bench.clock.pending).toBe(0);
  });

  it("resolves for each of its callers", async () => {
    await bench.join();
    await within(Promise.all([bench.server.close(), bench.server.close()]), "both");
    await within(bench.server.close(), "one more");
    expect(bench.ends).toEqual(["shutdown"]);
  });
});

describe("stopAccepting()", () => {
  it("lets nobody in any more, and the open connections live on", async () => {
    const peer = await (await bench.join()).setUp();
    bench.server.stopAccepting();
    expect(await isTaken(bench.port)).toBe(false);
    await peer.open();
    bench.clock.advance(120_000);
    expect(bench.ends).toEqual([]);
    await within(bench.server.close(), "the close");
  });
});

describe("a server that cannot listen", () => {
  it("says which address, why, and which key to change", async () => {
    const second = new StratumBench({ listen: { host: "127.0.0.1", port: bench.port } });
    const error: unknown = await second.server.listen().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      code: "listen-failed",
      disposition: { kind: "shutdown" },
      message: `cannot listen on 127.0.0.1:${bench.port}: another program listens there; choose another stratum.stratum_v2_listen`,
      details: { host: "127.0.0.1", port: bench.port, errno: "EADDRINUSE" },
    });
    expect(second.clock.pending).toBe(0);
    await within(second.server.close(), "the close");
    // The one that listens there is none the worse.
    await (await bench.join()).setUp();
  });

  it("says so of an address that the machine does not have", async () => {
    const elsewhere = new StratumBench({ listen: { host: "192.0.2.1", port: 0 } });
    await expect(elsewhere.server.listen()).rejects.toThrow(
      "cannot listen on 192.0.2.1:0: this machine does not have that address;",
    );
  });

  it.each([
    ["EACCES", "::1", "cannot listen on [::1]:80: this user may not, as is usual below port 1024;"],
    ["EMFILE", "127.0.0.1", "cannot listen on 127.0.0.1:80: too many open files;"],
  ])("says %s in words", (code, host, sentence) => {
    const cause = Object.assign(new Error("too many open files"), { code });
    expect(new ListenError({ host, port: 80 }, cause).message).toContain(sentence);
  });
});
