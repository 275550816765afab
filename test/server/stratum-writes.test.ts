import { beforeEach, describe, expect, it } from "vitest";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { NewMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { nextTurn, until, within } from "../support/wait.ts";
import type { RawPeer } from "./raw-peer.ts";
import { StratumBench, someTurns } from "./stratum-bench.ts";
import { onWrites, watchWrites } from "./watched-writes.ts";

let bench: StratumBench;
beforeEach(async () => {
  bench = await StratumBench.start();
});

const NEXT_TIP = { prevHash: new Uint8Array(32).fill(2) };

const EXTRANONCE_SIZES = [8, 9, 10, 11, 12, 13, 14, 15, 16];
/** Makes jobs of extended channels long: the kernel takes some of what nobody reads before anything waits with us. */
const LONG_PATH = Array.from({ length: 20 }, (_, level) => new Uint8Array(32).fill(level));

/** A peer with a standard channel. */
async function miner(): Promise<RawPeer> {
  const peer = await (await bench.join()).setUp();
  await peer.open();
  return peer;
}

/** Makes each write to that peer fail, in a way that sockets do not know. */
function breakWritesTo(peer: RawPeer): void {
  onWrites(bench.port, (peerPort) => {
    if (peerPort === peer.socket.localPort) throw new Error("out of memory");
  });
}

describe("what one turn gives a peer", () => {
  it("leaves in one write: the answer to an open with its job and its tip", async () => {
    const peer = await (await bench.join()).setUp();
    const writes = watchWrites(bench.port);
    await peer.open();
    expect(writes).toHaveLength(1);
  });

  it("leaves in one write for each peer, when all are given a new tip", async () => {
    const peers = [await miner(), await miner(), await miner()];
    const writes = watchWrites(bench.port);
    bench.template(NEXT_TIP);
    bench.template({ ...NEXT_TIP, curTime: 1_700_000_001 });
    for (const peer of peers) {
      await peer.job();
      await peer.next(NewMiningJob);
    }
    expect(writes.sort()).toEqual(peers.map(({ socket }) => socket.localPort).sort());
  });

  it("waits for the end of that turn, unless it is flushed: then it is written before the call returns", async () => {
    const peer = await miner();
    const writes = watchWrites(bench.port);
    bench.template(NEXT_TIP);
    expect(writes).toEqual([]);
    bench.server.flush();
    expect(writes).toHaveLength(1);
    await peer.job();
    await someTurns();
    expect(writes).toHaveLength(1);
  });

  it("goes out in the next turn as in this one", async () => {
    const peer = await miner();
    for (let round = 1; round <= 3; round += 1) {
      bench.template({ prevHash: new Uint8Array(32).fill(round + 1) });
      await peer.job();
    }
  });

  it("and cannot be written ends that connection, and no other", async () => {
    const [broken, other] = [await miner(), await miner()];
    breakWritesTo(broken);
    bench.template(NEXT_TIP);
    bench.server.flush();
    await other.job();
    await within(broken.closed, "the end of the connection");
    const [line] = bench.logger.of("connection ended by a fault of ours");
    expect(line).toMatchObject({ reason: "internal-error", stack: expect.stringContaining("out of memory") });
  });

  it("is not forgotten where another's end gave it while all were written", async () => {
    const [first, second, third] = [await miner(), await miner(), await miner()];
    const channels = bench.channels[0];
    const { disconnect } = bench.mining.pool;
    bench.mining.pool.disconnect = (gone) => {
      disconnect.call(bench.mining.pool, gone);
      channels?.keepAlive();
    };
    breakWritesTo(second);
    bench.template(NEXT_TIP);
    bench.server.flush();
    await first.job();
    await first.next(SetTarget);
    await third.job();
  });
});

describe("a peer that never reads", () => {
  it("is disconnected once too much waits for it; the others hear everything in time", async () => {
    await bench.stop();
    bench = await StratumBench.start({ maxOutboundBytesPerConnection: 65_536 });
    const silent = await (await bench.join()).setUp({ flags: 0 });
    // Each has a group of its own, and so a frame of its own for each job.
    for (const size of EXTRANONCE_SIZES) await silent.openExtended(size);
    const other = await miner();
    silent.socket.pause();
    for (let templates = 0; bench.ends.length === 0; templates += 1) {
      bench.template({ merklePath: LONG_PATH, curTime: 1_700_000_000 + templates });
      await other.next(NewMiningJob);
    }
    expect(bench.ends).toEqual(["outbound-limit"]);
    await bench.left(1);
    bench.template(NEXT_TIP);
    await other.job();
    expect(other.unread).toBe(0);
  });
});

describe("a peer that does not read while the limit changes", () => {
  it("is disconnected at the other limit", async () => {
    await bench.stop();
    bench = await StratumBench.start({ maxOutboundBytesPerConnection: 1 << 30 });
    const silent = await (await bench.join()).setUp({ flags: 0 });
    for (const size of EXTRANONCE_SIZES) await silent.openExtended(size);
    silent.socket.pause();
    const caps = { maxConnections: 100, maxConnectionsPerAddress: 100 };
    bench.server.reconfigure({ plaintext: "private", ...caps, maxOutboundBytesPerConnection: 65_536 });
    for (let templates = 0; bench.ends.length === 0 && templates < 3_000; templates += 1) {
      bench.template({ merklePath: LONG_PATH, curTime: 1_700_000_000 + templates });
      await nextTurn();
    }
    expect(bench.ends).toEqual(["outbound-limit"]);
  });
});

describe("while reading is paused", () => {
  it("nothing is read of any connection, and all of it is when reading goes on", async () => {
    const peer = await bench.join();
    bench.server.holdBack("everybody");
    peer.sendSetup();
    await someTurns();
    expect(bench.logger.of("connection set up")).toEqual([]);
    bench.server.holdBack("none");
    await peer.next(SetupConnectionSuccess);
  });

  it("nothing is read of connections that come later either", async () => {
    bench.server.holdBack("everybody");
    const peer = await bench.join();
    peer.sendSetup();
    await someTurns();
    expect(bench.logger.of("connection set up")).toEqual([]);
    bench.server.holdBack("none");
    await peer.next(SetupConnectionSuccess);
  });

  it("of those that send, whoever sent something is read from no more until it is over, and others once", async () => {
    const [flooder, other] = [await bench.join(), await bench.join()];
    bench.server.holdBack("senders");
    flooder.sendSetup();
    await flooder.next(SetupConnectionSuccess);
    flooder.sendOpen();
    await someTurns();
    expect(flooder.unread).toBe(0);
    other.sendSetup();
    await other.next(SetupConnectionSuccess);
    bench.server.holdBack("none");
    await flooder.opened();
    await other.open();
  });

  it("jobs go out as ever", async () => {
    const peer = await miner();
    bench.server.holdBack("everybody");
    bench.template(NEXT_TIP);
    await peer.job();
  });

  it("a connection that ends is closed all the same", async () => {
    const peer = await bench.join();
    bench.server.holdBack("everybody");
    peer.bytes(new Uint8Array(100));
    await someTurns();
    bench.clock.advance(10_000);
    await within(peer.closed, "the end of the connection");
    await until("the server has forgotten it", () => bench.server.connections === 0);
  });
});
