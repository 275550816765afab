import { beforeEach, describe, expect, it } from "vitest";
import type { PoolSettings } from "../../src/server/pool-service.ts";
import { Reconnect, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { MINING } from "../session/session-fixture.ts";
import { until, within } from "../support/wait.ts";
import { RawPeer } from "./raw-peer.ts";
import { ACK_INTERVAL_MS, ServiceBench } from "./service-bench.ts";
import { someTurns } from "./stratum-bench.ts";

const TIMEOUTS = { handshakeMs: 10_000, setupMs: 10_000, noChannelMs: 60_000 };

let bench: ServiceBench;
beforeEach(async () => {
  bench = await ServiceBench.start({ stratum: { timeouts: TIMEOUTS } });
});

type Changes = { readonly [Part in keyof PoolSettings]?: Partial<PoolSettings[Part]> };

function reconfigure({ mining, acknowledge, stratum }: Changes): void {
  bench.service.reconfigure({
    mining: { ...MINING, ...mining },
    acknowledge: { intervalMs: ACK_INTERVAL_MS, maxPendingShares: 1_000, ...acknowledge },
    stratum: {
      plaintext: "private",
      maxConnections: 100,
      maxConnectionsPerAddress: 100,
      maxOutboundBytesPerConnection: 1 << 20,
      timeouts: TIMEOUTS,
      ...stratum,
    },
  });
}

async function sharesAreWithTheValidator(count: number): Promise<void> {
  const sum = (): number => bench.validator.taken.reduce((all, each) => all + each, 0);
  await until(`${count} shares are with the validator`, () => sum() === count);
}

function ends(): unknown[] {
  return bench.logger.of("connection ended").map(({ reason }) => reason);
}

describe("a running pool that is given other settings", () => {
  it("has its miners follow, over the sockets that are open", async () => {
    const { peer, id } = await bench.miner();
    reconfigure({ mining: { minDifficulty: 7 } });
    expect((await peer.next(SetTarget)).channel_id).toBe(id);
  });

  it("acknowledges after the other interval", async () => {
    const { peer, id } = await bench.miner();
    reconfigure({ acknowledge: { intervalMs: 900 } });
    peer.share(id);
    await sharesAreWithTheValidator(1);
    await someTurns();
    bench.clock.advance(899);
    expect(bench.ledger.commits).toEqual([]);
    bench.clock.advance(1);
    expect(bench.ledger.commits).toHaveLength(1);
    bench.ledger.commits[0]?.resolve();
    await peer.next(SubmitSharesSuccess);
  });

  it("takes none of them where no job can be made with them: not the interval, nor the caps, nor the other host", async () => {
    const { peer, id } = await bench.miner();
    const stratum = { maxConnections: 1, reconnectTo: { host: "pool-b.example", port: 3335 } };
    const mining = { poolTag: "x".repeat(76), minDifficulty: 7 };
    expect(() => reconfigure({ mining, acknowledge: { intervalMs: 900 }, stratum })).toThrow(/76 bytes/);
    peer.share(id);
    await sharesAreWithTheValidator(1);
    await someTurns();
    bench.clock.advance(ACK_INTERVAL_MS);
    bench.ledger.commits[0]?.resolve();
    await peer.next(SubmitSharesSuccess);
    await bench.join();
    const stopped = bench.stopping();
    await within(peer.closed, "the end of the connection");
    await within(stopped, "the stop");
    expect(peer.unread).toBe(0);
  });

  it("acknowledges after the other number of shares", async () => {
    const { peer, id } = await bench.miner();
    reconfigure({ acknowledge: { maxPendingShares: 2 } });
    peer.share(id);
    await sharesAreWithTheValidator(1);
    expect(bench.ledger.commits).toEqual([]);
    peer.share(id);
    await until("they are with the ledger", () => bench.ledger.commits.length === 1);
    expect(bench.ledger.commits[0]?.value.batchId).toMatch(/^run-/);
  });

  it("lets no more in than the other caps say, and closes none of those that are there", async () => {
    await bench.join();
    await bench.join();
    reconfigure({ stratum: { maxConnections: 2 } });
    await within(new RawPeer({ port: bench.port }).closed, "the refusal");
    reconfigure({ stratum: { maxConnectionsPerAddress: 2 } });
    await within(new RawPeer({ port: bench.port }).closed, "the refusal");
    reconfigure({ stratum: { maxConnectionsPerAddress: 3 } });
    await bench.join();
    expect(bench.service.connections).toBe(3);
    expect(ends()).toEqual([]);
  });

  it("takes no more plaintext where it is no longer allowed, and leaves that which is there alone", async () => {
    const { peer, id } = await bench.miner();
    reconfigure({ stratum: { plaintext: "never" } });
    const late = new RawPeer({ port: bench.port });
    late.sendSetup();
    await within(late.closed, "the refusal");
    expect(ends()).toEqual(["plaintext-refused"]);
    peer.share(id);
    await sharesAreWithTheValidator(1);
    reconfigure({ stratum: { plaintext: "private" } });
    const again = new RawPeer({ port: bench.port });
    again.sendSetup();
    await again.next(SetupConnectionSuccess);
    again.socket.destroy();
  });

  it("gives who has no channel the other time, counted from its setup: more", async () => {
    const peer = await bench.join();
    bench.clock.advance(59_000);
    reconfigure({ stratum: { timeouts: { ...TIMEOUTS, noChannelMs: 90_000 } } });
    bench.clock.advance(30_000);
    expect(ends()).toEqual([]);
    bench.clock.advance(2_000);
    expect(ends()).toEqual(["no-channel-timeout"]);
    await within(peer.closed, "the end of the connection");
  });

  it("gives who has no channel the other time, counted from its setup: less", async () => {
    await bench.miner();
    const peer = await bench.join();
    bench.clock.advance(30_000);
    reconfigure({ stratum: { timeouts: { ...TIMEOUTS, noChannelMs: 20_000 } } });
    bench.clock.advance(1_000);
    await within(peer.closed, "the end of the connection");
    expect(ends()).toEqual(["no-channel-timeout"]);
    const next = await bench.join();
    bench.clock.advance(21_000);
    await within(next.closed, "the end of the next one");
  });

  it("waits as long for bytes of the handshake and setup as the other times say", async () => {
    const early = new RawPeer({ port: bench.port });
    await bench.left(1);
    reconfigure({ stratum: { timeouts: { ...TIMEOUTS, handshakeMs: 3_000 } } });
    bench.clock.advance(2_000);
    expect(ends()).toEqual([]);
    bench.clock.advance(1_000);
    await within(early.closed, "the end of the connection");
    expect(ends()).toEqual(["handshake-timeout"]);
  });

  it("sends its miners to the other host when it stops", async () => {
    const { peer } = await bench.miner();
    reconfigure({ stratum: { reconnectTo: { host: "pool-b.example", port: 3335 } } });
    const stopped = bench.stopping();
    expect(await peer.next(Reconnect)).toEqual({ new_host: "pool-b.example", new_port: 3335 });
    await within(stopped, "the stop");
  });

  it("sends them nowhere any more where that was taken away", async () => {
    const { peer } = await bench.miner();
    reconfigure({ stratum: { reconnectTo: { host: "pool-b.example", port: 3335 } } });
    reconfigure({ stratum: { reconnectTo: undefined } });
    const stopped = bench.stopping();
    await within(peer.closed, "the end of the connection");
    await within(stopped, "the stop");
    expect(peer.unread).toBe(0);
  });
});
