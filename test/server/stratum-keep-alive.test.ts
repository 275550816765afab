import { beforeEach, describe, expect, it } from "vitest";
import { UpdateChannel } from "../../src/wire/channel-messages.ts";
import { NewMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { within } from "../support/wait.ts";
import type { RawPeer } from "./raw-peer.ts";
import { StratumBench, someTurns } from "./stratum-bench.ts";

const KEEP_ALIVE_MS = 55_000;

let bench: StratumBench;
beforeEach(async () => {
  bench = await StratumBench.start();
});

/** A peer with so many standard channels, and their ids. */
async function miner(channels: number): Promise<{ readonly peer: RawPeer; readonly ids: number[] }> {
  const peer = await (await bench.join()).setUp();
  const ids: number[] = [];
  for (let index = 0; index < channels; index += 1) ids.push(await peer.open());
  return { peer, ids };
}

/** A refreshed job for all: what came before it is all that came. */
async function mark(peer: RawPeer, channels = 1): Promise<void> {
  bench.template();
  bench.server.noteAnnounced();
  for (let channel = 0; channel < channels; channel += 1) await peer.next(NewMiningJob);
}

describe("a channel that is alone on its connection", () => {
  it("is sent its target after 55 s of silence, and again after 55 more", async () => {
    const { peer, ids } = await miner(1);
    bench.clock.advance(KEEP_ALIVE_MS - 1);
    bench.clock.advance(1);
    expect((await peer.next(SetTarget)).channel_id).toBe(ids[0]);
    bench.clock.advance(KEEP_ALIVE_MS);
    await peer.next(SetTarget);
    await mark(peer);
  });

  it("is sent nothing before", async () => {
    const { peer } = await miner(1);
    bench.clock.advance(KEEP_ALIVE_MS - 1);
    await mark(peer);
  });

  it("is sent nothing for 55 s from its last job on", async () => {
    const { peer } = await miner(1);
    bench.clock.advance(30_000);
    await mark(peer);
    bench.clock.advance(KEEP_ALIVE_MS - 1_000);
    await mark(peer);
    bench.clock.advance(KEEP_ALIVE_MS);
    await peer.next(SetTarget);
  });

  it("hears of the pool although there is no work to give out", async () => {
    const { peer } = await miner(1);
    bench.mining.pool.suspendWork();
    bench.clock.advance(KEEP_ALIVE_MS);
    await peer.next(SetTarget);
  });
});

describe("several channels on one connection", () => {
  it("are each sent their target, though one of them hears something now and then", async () => {
    const { peer, ids } = await miner(3);
    bench.clock.advance(30_000);
    const [first = 0] = ids;
    peer.send(UpdateChannel, {
      channel_id: first,
      nominal_hash_rate: 2 ** 32,
      maximum_target: new Uint8Array(32).fill(0xff),
    });
    expect((await peer.next(SetTarget)).channel_id).toBe(first);
    bench.clock.advance(KEEP_ALIVE_MS - 30_000);
    for (const id of ids) expect((await peer.next(SetTarget)).channel_id).toBe(id);
    bench.clock.advance(KEEP_ALIVE_MS - 1_000);
    await mark(peer, 3);
  });

  it("are sent nothing for 55 s after all were given a job", async () => {
    const { peer, ids } = await miner(2);
    bench.clock.advance(30_000);
    await mark(peer, 2);
    bench.clock.advance(KEEP_ALIVE_MS - 1_000);
    await someTurns();
    expect(peer.unread).toBe(0);
    bench.clock.advance(1_000);
    for (const id of ids) expect((await peer.next(SetTarget)).channel_id).toBe(id);
  });
});

describe("a fault in the keep-alive of one connection", () => {
  it("ends that one, and the others have their turn", async () => {
    const { peer: faulty } = await miner(1);
    const { peer: other } = await miner(1);
    const [channels] = bench.channels;
    if (channels !== undefined) {
      channels.keepAlive = () => {
        throw new Error("a fault of ours");
      };
    }
    bench.clock.advance(KEEP_ALIVE_MS);
    await other.next(SetTarget);
    await within(faulty.closed, "the end of the connection");
    expect(bench.logger.of("connection ended by a fault of ours")).toMatchObject([
      { connectionId: "1", reason: "internal-error", stack: expect.stringContaining("a fault of ours") },
    ]);
    await bench.left(1);
    bench.clock.advance(KEEP_ALIVE_MS);
    await other.next(SetTarget);
  });
});
