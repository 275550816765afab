import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CloseChannel } from "../../src/wire/channel-messages.ts";
import { NewExtendedMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { SubmitSharesError, SubmitSharesExtended } from "../../src/wire/share-messages.ts";
import { nextTurn, until, within } from "../support/wait.ts";
import { CHANNEL, HARD_BITS, MinerBench } from "./miner-bench.ts";
import { extendedJob } from "./mining-conversation.ts";
import type { PoolEnd } from "./scripted-pool.ts";

const LAST_ANSWERS_MS = 2_000;

let bench: MinerBench;
let end: PoolEnd;
beforeEach(async () => {
  bench = new MinerBench();
  await bench.start();
  end = await bench.mining();
});
afterEach(() => bench.close());

/** The miner finds and sends so many shares. */
async function shares(count: number): Promise<void> {
  for (let nonce = 0; nonce < count; nonce += 1) {
    bench.threads[0]?.report({ nonce });
    await end.expect(SubmitSharesExtended);
  }
}

function reject(sequenceNumber: number): void {
  end.say(SubmitSharesError, {
    channel_id: CHANNEL,
    sequence_number: sequenceNumber,
    error_code: "stale-share",
  });
}

describe("A miner that is told to stop", () => {
  it("ends its threads, waits for the pool's word on each share, says goodbye, and counts what it was told", async () => {
    await shares(3);
    bench.stop();
    await until("the threads are ended", () => bench.threads.every(({ terminated }) => terminated));
    await bench.clock.waiting(LAST_ANSWERS_MS);
    bench.accept(2, 7n);
    await bench.nth("accepted");
    await nextTurn();
    expect([bench.hasEnded, end.waiting]).toEqual([false, 0]);
    reject(3);
    expect(await end.expect(CloseChannel)).toEqual({ channel_id: CHANNEL, reason_code: "client-stopped" });
    await within(end.gone, "the connection's close");
    expect(await bench.outcome()).toBe("done");
    expect(bench.events.at(-1)).toMatchObject({
      event: "finished",
      exitCode: 0,
      accepted: 2,
      rejected: 1,
      acknowledgedDifficulty: "7",
    });
    expect(bench.clock.pending).toBe(0);
  });

  it("waits two seconds at most", async () => {
    await shares(1);
    bench.stop();
    await bench.clock.waiting(LAST_ANSWERS_MS);
    bench.clock.advance(LAST_ANSWERS_MS - 1);
    await nextTurn();
    expect([bench.hasEnded, end.waiting]).toEqual([false, 0]);
    bench.clock.advance(1);
    await end.expect(CloseChannel);
    expect(await bench.outcome()).toBe("done");
    expect(bench.clock.pending).toBe(0);
  });

  it("waits for nothing where all is answered", async () => {
    await shares(2);
    bench.accept(1);
    reject(2);
    await bench.nth("rejected");
    bench.stop();
    await end.expect(CloseChannel);
    expect(await bench.outcome()).toBe("done");
    expect(bench.clock.pending).toBe(0);
  });

  it("waits no longer where the pool goes, and does not come back", async () => {
    await shares(1);
    bench.stop();
    await bench.clock.waiting(LAST_ANSWERS_MS);
    end.socket.end();
    expect(await bench.outcome()).toBe("done");
    expect(bench.all("disconnected")).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it("waits no longer where the pool closes the channel", async () => {
    await shares(1);
    bench.stop();
    await bench.clock.waiting(LAST_ANSWERS_MS);
    end.say(CloseChannel, { channel_id: CHANNEL, reason_code: "maintenance" });
    expect(await bench.outcome()).toBe("done");
    expect(bench.clock.pending).toBe(0);
  });

  it("gives its threads no work that comes meanwhile", async () => {
    await shares(1);
    bench.stop();
    await bench.clock.waiting(LAST_ANSWERS_MS);
    const orders = bench.threads.map((thread) => thread.orders.length);
    end.say(NewExtendedMiningJob, extendedJob(CHANNEL, 2));
    const tip = { channel_id: CHANNEL, job_id: 2, min_ntime: 1_001, nbits: HARD_BITS };
    end.say(SetNewPrevHash, { ...tip, prev_hash: new Uint8Array(32).fill(8) });
    bench.accept(1);
    expect(await bench.outcome()).toBe("done");
    expect(bench.threads.map((thread) => thread.orders.length)).toEqual(orders);
  });

  it("is not kept waiting by shares of a connection that was lost before", async () => {
    await shares(2);
    end.socket.end();
    await bench.nth("disconnected");
    bench.clock.advance(1_000);
    end = await bench.mining();
    bench.stop();
    await end.expect(CloseChannel);
    expect(await bench.outcome()).toBe("done");
  });
});

describe("A miner that has as many shares as it was to find", () => {
  it("waits for the answers to those that it sent besides", async () => {
    await bench.close();
    bench = new MinerBench();
    await bench.start({ shares: 1 });
    end = await bench.mining();
    await shares(2);
    bench.accept(1);
    await bench.clock.waiting(LAST_ANSWERS_MS);
    bench.accept(1);
    expect(await bench.outcome()).toBe("done");
    expect(bench.events.at(-1)).toMatchObject({ accepted: 2 });
  });
});

describe("A miner whose thread crashes", () => {
  it("waits for nothing", async () => {
    await shares(1);
    bench.threads[1]?.crash("out of memory");
    expect(await bench.outcome()).toContain("thread-ended");
    await end.expect(CloseChannel);
  });
});
