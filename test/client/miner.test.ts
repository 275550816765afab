import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildCoinbase } from "../../src/bitcoin/coinbase.ts";
import { fromHex, reversed, toHex } from "../../src/core/bytes.ts";
import { sha256d } from "../../src/sharecore/index.ts";
import { CloseChannel, OpenExtendedMiningChannel } from "../../src/wire/channel-messages.ts";
import { SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { NewExtendedMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { SubmitSharesError, SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { until, within } from "../support/wait.ts";
import { CHANNEL, EASY_BITS, MinerBench } from "./miner-bench.ts";
import { extendedJob } from "./mining-conversation.ts";
import { identityAround } from "./scripted-pool.ts";

function hashOf(header: Uint8Array, nonce: number): Uint8Array {
  const copy = new Uint8Array(header);
  new DataView(copy.buffer).setUint32(76, nonce, true);
  return sha256d(copy);
}

/** The lowest nonce whose hash meets regtest's target, or misses it. */
function blockNonce(header: Uint8Array, meets: boolean): number {
  for (let nonce = 0; ; nonce += 1) if ((hashOf(header, nonce)[31] ?? 0) < 0x7f === meets) return nonce;
}

let bench: MinerBench;
beforeEach(() => {
  bench = new MinerBench();
});
afterEach(() => bench.close());

describe("A miner", () => {
  it.each([
    { channel: "standard", noise: false },
    { channel: "extended", noise: false },
    { channel: "standard", noise: true },
    { channel: "extended", noise: true },
  ] as const)("submits what its threads find on a $channel channel, noise: $noise", async ({ channel, noise }) => {
    await bench.start({ channel, ...(noise ? { identity: identityAround(bench.clock.nowMs()) } : {}) });
    const end = await bench.mining(channel);
    bench.threads[1]?.report({ nonce: 77 });
    const share = await end.expect<object>(channel === "standard" ? SubmitSharesStandard : SubmitSharesExtended);
    expect(share).toMatchObject({ channel_id: CHANNEL, job_id: 1, sequence_number: 1, nonce: 77, ntime: 1000 });
    expect(await bench.nth("opened")).toEqual({
      event: "opened",
      host: "127.0.0.1",
      port: bench.port,
      channelId: CHANNEL,
      channel,
      difficulty: 1,
      nominalHashrate: 5e6,
    });
  });

  it("tells the pool who mines, and how fast", async () => {
    await bench.start({ user: "bob.rig" });
    const end = await bench.connected();
    expect(await end.expect(SetupConnection)).toMatchObject({ vendor: "adit", endpoint_port: bench.port });
    end.say(SetupConnectionSuccess, { used_version: 2, flags: 0 });
    const { user_identity, nominal_hash_rate } = await end.expect(OpenExtendedMiningChannel);
    expect([new TextDecoder().decode(user_identity), nominal_hash_rate]).toEqual(["bob.rig", 5e6]);
  });

  it("ends where a standard channel is wanted of a pool that opens none, and says what to do", async () => {
    await bench.start({ channel: "standard" });
    const end = await bench.connected();
    await end.expect(SetupConnection);
    end.say(SetupConnectionSuccess, { used_version: 2, flags: 2 });
    expect(await bench.outcome()).toBe(
      "extended-channels-required: the pool opens no standard channels: use --channel extended",
    );
    await end.gone;
    expect(end.waiting).toBe(0);
  });

  it("tells whom a block pays, once for each channel", async () => {
    await bench.start({ user: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080.rig" });
    const end = await bench.opened();
    const outputs = [{ value: 5_000n, script: fromHex("0014751e76e8199196d454941c45d1b3a323f1433bd6") }];
    const { prefix, suffix } = buildCoinbase({
      height: 7,
      poolTag: "",
      extranonceSize: 8,
      outputs,
      witnessCommitment: undefined,
    });
    const job = { coinbase_tx_prefix: prefix, coinbase_tx_suffix: suffix };
    end.say(NewExtendedMiningJob, { ...extendedJob(CHANNEL, 1), ...job });
    end.say(NewExtendedMiningJob, { ...extendedJob(CHANNEL, 2), ...job });
    bench.accept(1);
    await bench.nth("accepted");
    expect(bench.all("payout")).toEqual([
      {
        event: "payout",
        outputs: [
          {
            script: "0014751e76e8199196d454941c45d1b3a323f1433bd6",
            satoshi: "5000",
            address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
          },
        ],
      },
    ]);
  });

  it("starts as many threads as it is told to, and gives each a header of its own", async () => {
    await bench.start({ threads: 5 });
    await bench.mining();
    const headers = bench.threads.map(({ present }) => toHex(present.header ?? fromHex("")));
    expect(new Set(headers).size).toBe(5);
  });

  it("is done when as many shares are accepted as were asked for, and not before", async () => {
    await bench.start({ shares: 5 });
    const end = await bench.mining();
    bench.accept(4, 12n);
    await bench.nth("accepted");
    expect(bench.hasEnded).toBe(false);
    bench.accept(1, 3n);
    expect(await bench.outcome()).toBe("done");
    expect(bench.all("accepted")).toEqual([
      { event: "accepted", shares: 4, accepted: 4 },
      { event: "accepted", shares: 1, accepted: 5 },
    ]);
    expect(bench.events.at(-1)).toMatchObject({
      event: "finished",
      exitCode: 0,
      accepted: 5,
      acknowledgedDifficulty: "15",
    });
    expect(await end.expect(CloseChannel)).toEqual({ channel_id: CHANNEL, reason_code: "client-stopped" });
    await within(end.gone, "the connection's close");
    expect(bench.threads.every(({ terminated }) => terminated)).toBe(true);
  });

  it("is done as well when more shares are accepted at once than were asked for", async () => {
    await bench.start({ shares: 2 });
    await bench.mining();
    bench.accept(3);
    expect(await bench.outcome()).toBe("done");
    expect(bench.events.at(-1)).toMatchObject({ accepted: 3 });
  });

  it("counts rejected shares by reason, and does not take them for accepted ones", async () => {
    await bench.start({ shares: 1 });
    const end = await bench.mining();
    for (const [sequence_number, error_code] of ["stale-share", "duplicate-share", "stale-share"].entries()) {
      end.say(SubmitSharesError, { channel_id: CHANNEL, sequence_number, error_code });
    }
    expect(await bench.nth("rejected", 3)).toEqual({
      event: "rejected",
      sequenceNumber: 2,
      errorCode: "stale-share",
    });
    expect(bench.hasEnded).toBe(false);
    bench.stop();
    expect(await bench.outcome()).toBe("done");
    const rejects = { "stale-share": 2, "duplicate-share": 1 };
    expect(bench.events.at(-1)).toMatchObject({ event: "finished", accepted: 0, rejected: 3, rejects });
  });

  it("tells of a share that solves a block, and of no other, once it was sent", async () => {
    await bench.start({ threads: 1 });
    const end = await bench.mining("extended", EASY_BITS);
    const header = bench.threads[0]?.present.header ?? fromHex("");
    const [hit, miss] = [blockNonce(header, true), blockNonce(header, false)];
    bench.threads[0]?.report({ nonce: miss });
    await end.expect(SubmitSharesExtended);
    bench.threads[0]?.report({ nonce: hit });
    await end.expect(SubmitSharesExtended);
    const hash = toHex(reversed(hashOf(header, hit)));
    expect(bench.all("block")).toEqual([{ event: "block", hash, sequenceNumber: 2, jobId: 1 }]);
    bench.accept(2);
    bench.stop();
    await bench.outcome();
    expect(bench.events.at(-1)).toMatchObject({ event: "finished", blocks: 1 });
  });

  it("tells its progress each second: whether it is connected, its hashrate, and the difficulty of now", async () => {
    await bench.start({ threads: 1 });
    const end = await bench.connected();
    bench.clock.advance(1_000);
    expect(bench.all("progress")).toEqual([
      {
        event: "progress",
        connected: false,
        accepted: 0,
        rejected: 0,
        rejects: {},
        acknowledgedDifficulty: "0",
        blocks: 0,
        hashrate: 0,
        difficulty: 0,
      },
    ]);
    end.socket.destroy();
  });

  it("measures its hashrate over the seconds since its channel was opened", async () => {
    await bench.start({ threads: 1 });
    const end = await bench.mining();
    for (const searched of [3_000, 5_000]) {
      bench.threads[0]?.report({ searched });
      bench.clock.advance(1_000);
    }
    const quarter = new Uint8Array(32).fill(0xff, 26, 27).fill(0x3f, 27, 28);
    end.say(SetTarget, { channel_id: CHANNEL, maximum_target: quarter });
    end.say(SubmitSharesError, { channel_id: CHANNEL, sequence_number: 1, error_code: "stale-share" });
    await bench.nth("rejected");
    bench.clock.advance(1_000);
    const progress = bench.all("progress").map(({ connected, hashrate }) => [connected, hashrate]);
    expect(progress).toEqual([
      [true, 3_000],
      [true, 4_000],
      [true, 2_667],
    ]);
    expect(bench.all("progress").at(-1)?.difficulty).toBeCloseTo(4, 2);
  });
});

describe("A miner that is told to stop", () => {
  it("says goodbye to the pool, ends its threads, and tells its totals last", async () => {
    await bench.start();
    const end = await bench.mining();
    bench.threads[0]?.report({ searched: 8_000 });
    bench.accept(1);
    await bench.nth("accepted");
    bench.clock.advance(4_000);
    bench.stop();
    expect(await bench.outcome()).toBe("done");
    expect(await end.expect(CloseChannel)).toEqual({ channel_id: CHANNEL, reason_code: "client-stopped" });
    await within(end.gone, "the connection's close");
    expect(bench.threads.map(({ terminated }) => terminated)).toEqual([true, true]);
    expect(bench.all("finished")).toEqual([bench.events.at(-1)]);
    expect(bench.events.at(-1)).toMatchObject({ exitCode: 0, accepted: 1, hashrate: 2_000 });
    expect(bench.clock.pending).toBe(0);
  });

  it("stops before it is connected as well", async () => {
    await bench.start();
    bench.stop();
    expect(await bench.outcome()).toBe("done");
    expect(bench.events.map(({ event }) => event)).toEqual(["finished"]);
    expect(bench.clock.pending).toBe(0);
  });

  it("stops while it waits to come back as well, and does not come back", async () => {
    await bench.start();
    const end = await bench.mining();
    end.socket.end();
    await bench.nth("disconnected");
    bench.stop();
    expect(await bench.outcome()).toBe("done");
    expect(bench.clock.pending).toBe(0);
  });
});

describe("A miner whose thread crashes", () => {
  it("ends with the thread's reason, and says goodbye to the pool", async () => {
    await bench.start();
    const end = await bench.mining();
    bench.threads[1]?.crash("out of memory");
    expect(await bench.outcome()).toContain("thread-ended: a mining thread ended (out of memory)");
    expect((await end.expect(CloseChannel)).reason_code).toBe("client-stopped");
    expect(bench.events.slice(-2)).toMatchObject([
      { event: "failed", code: "thread-ended", error: expect.stringContaining("out of memory") },
      { event: "finished", exitCode: 1 },
    ]);
    await until("all threads are ended", () => bench.threads.every(({ terminated }) => terminated));
  });
});
