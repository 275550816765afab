import { describe, expect, it } from "vitest";
import { Reconnect, SetupConnectionError } from "../../src/wire/common-messages.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { within } from "../support/wait.ts";
import { StratumBench, someTurns } from "./stratum-bench.ts";

const ELSEWHERE = { host: "pool-b.example", port: 3335 };
const MESSAGE = { new_host: "pool-b.example", new_port: 3335 };

function start(): Promise<StratumBench> {
  return StratumBench.start({ reconnectTo: ELSEWHERE });
}

describe("a port that closes where another host is configured", () => {
  it.each([{ encrypted: false }, { encrypted: true }])("sends its miners there: %j", async (options) => {
    const bench = await start();
    const peer = await (await (await bench.join(options)).ready()).setUp();
    await peer.open();
    const closed = bench.server.close();
    expect(await peer.next(Reconnect)).toEqual(MESSAGE);
    await within(peer.closed, "the end of the connection");
    await within(closed, "the close");
    expect(peer.unread).toBe(0);
    expect(bench.ends).toEqual(["shutdown"]);
    expect(bench.logger.of("miners sent to another host")).toEqual([{ ...ELSEWHERE, told: 1, connections: 1 }]);
  });

  it("says so after all that was queued before", async () => {
    const bench = await start();
    const peer = await (await bench.join()).setUp();
    await peer.open();
    bench.template();
    void bench.server.close();
    await peer.next(NewMiningJob);
    expect(await peer.next(Reconnect)).toEqual(MESSAGE);
    await within(peer.closed, "the end of the connection");
  });

  it("sends those along that have no channel yet, or wait for one", async () => {
    const bench = await start();
    const idle = await (await bench.join()).setUp();
    const waiting = await (await bench.join()).setUp();
    bench.mining.pool.suspendWork();
    waiting.sendOpen();
    await someTurns();
    void bench.server.close();
    for (const peer of [idle, waiting]) {
      expect(await peer.next(Reconnect)).toEqual(MESSAGE);
      await within(peer.closed, "the end of the connection");
    }
  });

  it.each(["SRI", "sri", " SRI ", "Sri", ""])(
    "only closes the connection of vendor %j, which would abort",
    async (vendor) => {
      const bench = await start();
      const peer = await (await bench.join()).setUp({ vendor });
      await peer.open();
      void bench.server.close();
      await within(peer.closed, "the end of the connection");
      expect(peer.unread).toBe(0);
      expect(bench.logger.of("miners sent to another host")).toEqual([{ ...ELSEWHERE, told: 0, connections: 1 }]);
    },
  );

  it.each(["SRIracha", "not SRI", "bitaxe", "x"])("sends vendor %j there", async (vendor) => {
    const bench = await start();
    const peer = await (await bench.join()).setUp({ vendor });
    void bench.server.close();
    expect(await peer.next(Reconnect)).toEqual(MESSAGE);
  });

  it("tells nothing to who is not set up: silent, in the handshake, after it, in the middle of a setup, or refused", async () => {
    const bench = await start();
    const silent = await bench.join();
    const half = await bench.join();
    half.bytes(new Uint8Array(40).fill(9));
    const shaken = await (await bench.join({ encrypted: true })).ready();
    const cut = await bench.join();
    cut.bytes(new Uint8Array([0, 0, 0, 30, 0, 0, 0]));
    const refused = await bench.join({ keepsOpen: true });
    refused.sendSetup({ protocol: 1 });
    await refused.next(SetupConnectionError);
    await someTurns();
    const closed = bench.server.close();
    for (const peer of [silent, half, shaken, cut]) {
      await within(peer.closed, "the end of the connection");
      expect(peer.unread).toBe(0);
    }
    await within(refused.ended, "the end of the refused connection");
    expect(refused.unread).toBe(0);
    refused.socket.destroy();
    await within(closed, "the close");
  });

  it("says each message once, however often it is closed", async () => {
    const bench = await start();
    const peer = await (await bench.join()).setUp();
    await Promise.all([bench.server.close(), bench.server.close()]);
    expect(await peer.next(Reconnect)).toEqual(MESSAGE);
    expect(peer.unread).toBe(0);
  });

  it("says nothing where nobody is connected", async () => {
    const bench = await start();
    await within(bench.server.close(), "the close");
    expect(bench.logger.of("miners sent to another host")).toEqual([]);
  });

  it("cuts off a miner that reads but does not close, after the grace", async () => {
    const bench = await start();
    const peer = await (await bench.join({ keepsOpen: true })).setUp();
    const closed = bench.server.close();
    expect(await peer.next(Reconnect)).toEqual(MESSAGE);
    await within(peer.ended, "the server's end");
    bench.clock.advance(2_000);
    await within(closed, "the close");
  });
});

describe("a port that closes where no other host is configured", () => {
  it("says nothing and closes", async () => {
    const bench = await StratumBench.start();
    const peer = await (await bench.join()).setUp();
    await peer.open();
    void bench.server.close();
    await within(peer.closed, "the end of the connection");
    expect(peer.unread).toBe(0);
    expect(bench.logger.of("miners sent to another host")).toEqual([]);
  });
});
