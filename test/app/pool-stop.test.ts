import { afterEach, describe, expect, it, vi } from "vitest";
import { SqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { Reconnect } from "../../src/wire/common-messages.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { RawPeer } from "../server/raw-peer.ts";
import { until, within } from "../support/wait.ts";
import { PoolRun } from "./pool-run.ts";

let run: PoolRun;
afterEach(async () => {
  vi.restoreAllMocks();
  run.stop();
  await run.ended;
});

/** A pool where every hash is a share, and its miner, whose share is on its way. */
async function withShare(environment: Record<string, string> = {}): Promise<RawPeer> {
  run = new PoolRun({ MINING__MIN_DIFFICULTY: "0", SIMULATE__DIFFICULTY: "1e9", ...environment });
  const peer = await new RawPeer({ port: (await run.url()).port }).setUp();
  const id = await peer.open();
  // What is announced for the next tip.
  await peer.next(NewMiningJob);
  peer.share(id, { ntime: Math.floor(run.clock.nowMs() / 1_000) });
  return peer;
}

describe("a pool that is told to stop", () => {
  it("ends with code 0 and the number of shares that are stored, once its miner was told and sent elsewhere", async () => {
    const peer = await withShare({ SERVER__RECONNECT_TO: "[2001:db8::1]:3340" });
    await until("the share is acknowledged", () => {
      run.clock.advance(250);
      return peer.unread > 0;
    });
    await peer.next(SubmitSharesSuccess);
    run.stop();
    expect(await peer.next(Reconnect)).toEqual({ new_host: "2001:db8::1", new_port: 3340 });
    await within(peer.closed, "the end of the connection");
    expect(await run.ended).toBe(0);
    expect(await run.said("stopped")).toMatchObject([{ shares: 1 }]);
  });

  it("ends with code 1 where shares were not stored in time, and says how many", async () => {
    const commit = vi
      .spyOn(SqliteLedger.prototype, "commit")
      .mockImplementation(({ credits }) => (credits.length === 0 ? Promise.resolve() : new Promise(() => undefined)));
    const peer = await withShare();
    await until("the share is with the ledger", () => {
      run.clock.advance(250);
      return commit.mock.calls.some(([{ credits }]) => credits.length > 0);
    });
    run.stop();
    await run.clock.waiting(2_000);
    run.clock.advance(2_000);
    await within(peer.closed, "the end of the connection");
    expect(peer.unread).toBe(0);
    expect(await run.ended).toBe(1);
    expect(await run.said("shares not stored in time: they are not acknowledged")).toMatchObject([{ shares: 1 }]);
    expect(await run.said("stopped")).toMatchObject([{ shares: 0 }]);
  });
});
