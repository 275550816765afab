import { beforeEach, describe, expect, it } from "vitest";
import { ACT_ONE_BYTES } from "../../src/noise/handshake-state.ts";
import { DEFAULT_TIMEOUTS } from "../../src/server/stratum-server.ts";
import { CloseChannel } from "../../src/wire/channel-messages.ts";
import { until, within } from "../support/wait.ts";
import { StratumBench } from "./stratum-bench.ts";

let bench: StratumBench;
beforeEach(async () => {
  bench = await StratumBench.start();
});

/** All connections live for `ms`, less the last moment; with that, they end for that reason. */
async function endAfter(ms: number, reason: string): Promise<void> {
  const before = bench.ends.length;
  bench.clock.advance(ms - 1);
  expect(bench.ends).toHaveLength(before);
  bench.clock.advance(1);
  expect(bench.ends.slice(before)).toEqual([reason]);
  await bench.left(0);
}

describe("a connection", () => {
  it("has ten seconds for its handshake, ten more for its setup, and an hour to open a channel", () => {
    expect(DEFAULT_TIMEOUTS).toEqual({ handshakeMs: 10_000, setupMs: 10_000, noChannelMs: 3_600_000 });
  });

  it("that says nothing ends after ten seconds", async () => {
    await bench.join();
    await endAfter(10_000, "handshake-timeout");
  });

  it("that begins its handshake and says nothing more gains no time by it", async () => {
    const peer = await bench.join();
    bench.clock.advance(9_000);
    peer.bytes(new Uint8Array(ACT_ONE_BYTES - 1).fill(0x77));
    // It is not told what came of that; another one's answer comes after it.
    const other = await (await bench.join({ encrypted: true })).ready();
    other.socket.destroy();
    await bench.left(1);
    bench.logger.lines.length = 0;
    await endAfter(1_000, "handshake-timeout");
  });

  it("has ten seconds more from the end of its handshake on, however late that was", async () => {
    const peer = await bench.join({ encrypted: true });
    bench.clock.advance(9_000);
    await peer.ready();
    await endAfter(10_000, "setup-timeout");
  });

  it("in plaintext too", async () => {
    const peer = await bench.join();
    peer.bytes(new Uint8Array([0, 0, 0, 60, 0, 0]));
    await until("plaintext is seen", () => bench.logger.of("transport detected").length === 1);
    await endAfter(10_000, "setup-timeout");
  });

  it("that opens no channel ends an hour after its setup", async () => {
    const peer = await bench.join();
    bench.clock.advance(5_000);
    await peer.setUp();
    await endAfter(3_600_000, "no-channel-timeout");
  });

  it("has no deadline from its first channel on, also when it has closed its last", async () => {
    const peer = await (await bench.join()).setUp();
    const channel_id = await peer.open();
    bench.clock.advance(24 * 3_600_000);
    expect(bench.ends).toEqual([]);
    peer.send(CloseChannel, { channel_id, reason_code: "bye" });
    await until("the channel is closed", () => bench.logger.of("channel closed").length === 1);
    bench.clock.advance(24 * 3_600_000);
    expect(bench.ends).toEqual([]);
  });

  it("that ends at its deadline takes no other with it", async () => {
    await bench.join();
    bench.clock.advance(3_000);
    const other = await bench.join();
    bench.clock.advance(7_000);
    expect(bench.ends).toEqual(["handshake-timeout"]);
    await bench.left(1);
    await other.setUp();
  });
});

describe("deadlines", () => {
  it("follow no jump of the machine's clock", async () => {
    const peer = await (await bench.join()).setUp();
    bench.clock.jump(36_000_000);
    bench.clock.advance(3_599_000);
    await peer.open();
    expect(bench.ends).toEqual([]);
  });

  it("are looked at each second: one that falls between is kept at the next", async () => {
    bench.clock.advance(300);
    await bench.join();
    await endAfter(10_700, "handshake-timeout");
  });

  it("can be others", async () => {
    await bench.stop();
    const timeouts = { handshakeMs: 2_000, setupMs: 3_000, noChannelMs: 4_000 };
    bench = await StratumBench.start({ timeouts });
    await bench.join();
    await endAfter(2_000, "handshake-timeout");
    await (await bench.join({ encrypted: true })).ready();
    await endAfter(3_000, "setup-timeout");
    await (await bench.join()).setUp();
    await endAfter(4_000, "no-channel-timeout");
  });

  it("close the connection", async () => {
    const peer = await bench.join();
    bench.clock.advance(10_000);
    await within(peer.closed, "the end of the connection");
  });
});
