import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_RECONNECT_MS, LONGEST_RECONNECT_MS } from "../../src/client/reconnect-plan.ts";
import { generateKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { formatPoolUrl } from "../../src/noise/pool-url.ts";
import { CloseChannel, OpenExtendedMiningChannel, OpenMiningChannelError } from "../../src/wire/channel-messages.ts";
import { SetupConnection, SetupConnectionError, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { SubmitSharesExtended } from "../../src/wire/share-messages.ts";
import { MinerBench } from "./miner-bench.ts";
import { identityAround } from "./scripted-pool.ts";

let bench: MinerBench;
beforeEach(() => {
  bench = new MinerBench();
});
afterEach(() => bench.close());

/** Refuses the setup of the next connection. */
async function refuseSetup(): Promise<void> {
  const end = await bench.connected();
  await end.expect(SetupConnection);
  end.say(SetupConnectionError, { flags: 0, error_code: "unsupported-feature-flags" });
}

/** Refuses the channel of the next connection. */
async function refuseOpen(error_code: string): Promise<void> {
  const end = await bench.connected();
  await end.expect(SetupConnection);
  end.say(SetupConnectionSuccess, { used_version: 2, flags: 0 });
  const { request_id } = await end.expect(OpenExtendedMiningChannel);
  end.say(OpenMiningChannelError, { request_id, error_code });
}

function stages(): string[] {
  return bench.events.map(({ event }) => event).filter((event) => event !== "progress" && event !== "payout");
}

describe("A miner that never had a channel", () => {
  it("gives up where nobody listens", async () => {
    await bench.startPool();
    await bench.stopPool();
    bench.mine({ url: `stratum2+tcp://127.0.0.1:${bench.port}` });
    expect(await bench.outcome()).toContain("connect-failed: cannot connect to 127.0.0.1");
    expect(bench.events).toMatchObject([
      { event: "failed", code: "connect-failed" },
      { event: "finished", exitCode: 1 },
    ]);
    expect(bench.threads.every(({ terminated }) => terminated)).toBe(true);
    expect(bench.clock.pending).toBe(0);
  });

  it("gives up where the pool refuses its setup, or its channel", async () => {
    await bench.start();
    await refuseSetup();
    expect(await bench.outcome()).toContain("setup-refused: the pool refuses the connection");
    await bench.close();
    bench = new MinerBench();
    await bench.start();
    await refuseOpen("no-template-available");
    expect(await bench.outcome()).toContain("open-refused: the pool refuses the channel with no-template-available");
    expect(stages()).toEqual(["failed", "finished"]);
  });

  it("gives up where the pool has another key than its URL, and sends it nothing", async () => {
    const identity = identityAround(bench.clock.nowMs());
    await bench.startPool(identity);
    const authorityPublicKey = xOnlyPublicKey(generateKeyPair().secretKey);
    bench.mine({ url: formatPoolUrl({ host: "127.0.0.1", port: bench.port, authorityPublicKey }), identity });
    const end = await bench.connected();
    expect(await bench.outcome()).toContain("certificate-signature: ");
    await end.gone;
    expect(end.waiting).toBe(0);
  });

  it.each([
    ["http://127.0.0.1:3334", "url-invalid"],
    ["stratum2+tcp://127.0.0.1:3334/nokey", "key-invalid"],
  ])("starts nothing for the URL %s", async (url, code) => {
    bench.mine({ url });
    expect(await bench.outcome()).toContain(`${code}: `);
    expect([bench.threads.length, bench.events.length, bench.clock.pending]).toEqual([0, 0, 0]);
  });

  it("starts nothing for a URL without a key, where plaintext is not asked for", async () => {
    bench.mine({ url: "stratum2+tcp://127.0.0.1:3334", identity: identityAround(0) });
    expect(await bench.outcome()).toMatch(/url-invalid: .* has no authority key: use stratum2\+tcp:.*or --plaintext/);
    expect(bench.threads.length).toBe(0);
  });
});

describe("A miner that has lost its connection", () => {
  it("rests, and comes back after a second on a new channel, with what it has counted", async () => {
    await bench.start();
    const end = await bench.mining();
    bench.accept(3);
    await bench.nth("accepted");
    end.socket.end();
    expect(await bench.nth("disconnected")).toEqual({
      event: "disconnected",
      code: "connection-lost",
      error: `lost the connection to 127.0.0.1:${bench.port}: the pool closed it`,
      retryMs: FIRST_RECONNECT_MS,
    });
    expect(bench.threads.map(({ isSearching }) => isSearching)).toEqual([false, false]);
    bench.clock.advance(FIRST_RECONNECT_MS);
    expect(bench.all("progress").at(-1)?.connected).toBe(false);
    const second = await bench.mining();
    bench.threads[0]?.report({ nonce: 5 });
    expect((await second.expect(SubmitSharesExtended)).sequence_number).toBe(1);
    bench.accept(1);
    expect((await bench.nth("accepted", 2)).accepted).toBe(4);
    expect(stages()).toEqual(["opened", "accepted", "disconnected", "opened", "accepted"]);
  });

  it("does not come back before its time", async () => {
    await bench.start();
    (await bench.mining()).socket.end();
    await bench.nth("disconnected");
    bench.clock.advance(FIRST_RECONNECT_MS - 1);
    await bench.stopPool();
    bench.clock.advance(1);
    // Only now it tries, and finds nobody.
    expect((await bench.nth("disconnected", 2)).code).toBe("connect-failed");
  });

  it("waits twice as long each time, up to half a minute, until the pool is there again", async () => {
    await bench.start();
    await bench.mining();
    await bench.stopPool();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      const { retryMs } = await bench.nth("disconnected", attempt);
      waits.push(retryMs);
      if (attempt < 7) bench.clock.advance(retryMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    await bench.startPool();
    bench.clock.advance(LONGEST_RECONNECT_MS);
    await bench.mining();
    expect(stages().at(-1)).toBe("opened");
  });

  it("begins with a second again once a share was accepted, but not for an opened channel alone", async () => {
    await bench.start();
    (await bench.mining()).socket.end();
    bench.clock.advance((await bench.nth("disconnected")).retryMs);
    (await bench.mining()).socket.end();
    const second = await bench.nth("disconnected", 2);
    expect(second.retryMs).toBe(2 * FIRST_RECONNECT_MS);
    bench.clock.advance(second.retryMs);
    const end = await bench.mining();
    bench.accept(1);
    await bench.nth("accepted");
    end.socket.end();
    expect((await bench.nth("disconnected", 3)).retryMs).toBe(FIRST_RECONNECT_MS);
  });

  it("comes back to a pool that was started again with its key", async () => {
    const identity = identityAround(bench.clock.nowMs());
    await bench.start({ identity });
    await bench.mining();
    await bench.stopPool();
    await bench.nth("disconnected");
    await bench.startPool(identity);
    bench.clock.advance(FIRST_RECONNECT_MS);
    await bench.mining();
    expect(stages()).toEqual(["opened", "disconnected", "opened"]);
  });

  it("gives up where another pool has taken the place of its own", async () => {
    await bench.start({ identity: identityAround(bench.clock.nowMs()) });
    await bench.mining();
    await bench.stopPool();
    await bench.nth("disconnected");
    await bench.startPool(identityAround(bench.clock.nowMs()));
    bench.clock.advance(FIRST_RECONNECT_MS);
    expect(await bench.outcome()).toContain("certificate-signature: ");
    expect(stages()).toEqual(["opened", "disconnected", "failed", "finished"]);
  });

  it("gives up where the pool refuses it now", async () => {
    await bench.start();
    (await bench.mining()).socket.end();
    await bench.nth("disconnected");
    bench.clock.advance(FIRST_RECONNECT_MS);
    await refuseSetup();
    expect(await bench.outcome()).toContain("setup-refused: ");
  });

  it("waits for a pool that has no channel for it at the moment", async () => {
    await bench.start();
    (await bench.mining()).socket.end();
    await bench.nth("disconnected");
    bench.clock.advance(FIRST_RECONNECT_MS);
    await refuseOpen("no-template-available");
    const { code, retryMs } = await bench.nth("disconnected", 2);
    expect(code).toBe("open-refused");
    bench.clock.advance(retryMs);
    await bench.mining();
    expect(bench.hasEnded).toBe(false);
  });

  it("takes a channel that the pool closes for a lost connection, and shows its reason as plain text", async () => {
    await bench.start();
    const end = await bench.mining();
    end.say(CloseChannel, { channel_id: 11, reason_code: "\u001b[31mmaintenance" });
    expect(await bench.nth("disconnected")).toMatchObject({
      code: "connection-lost",
      error: "the pool closed the channel with \\u{1b}[31mmaintenance",
    });
    await end.gone;
  });

  it("comes back after bytes that make no sense", async () => {
    await bench.start();
    const end = await bench.mining();
    end.socket.write(Buffer.from("000001ffffff", "hex"));
    expect((await bench.nth("disconnected")).code).toBe("unexpected-message");
    bench.clock.advance(FIRST_RECONNECT_MS);
    await bench.mining();
  });
});
