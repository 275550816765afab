import { afterEach, describe, expect, it } from "vitest";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { NewMiningJob } from "../../src/wire/job-messages.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { RawPeer } from "../server/raw-peer.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
import { until } from "../support/wait.ts";
import { PoolRun } from "./pool-run.ts";

const runs: PoolRun[] = [];
let disk: SmallDisk | undefined;
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.stop();
    await run.ended;
  }
  disk?.unmount();
});

/** A pool on that folder where every hash is a share, and its miner, whose share is on its way. */
async function withShare(folder: string): Promise<{ run: PoolRun; peer: RawPeer }> {
  const run = new PoolRun({ DATA_DIR: folder, MINING__MIN_DIFFICULTY: "0", SIMULATE__DIFFICULTY: "1e9" });
  runs.push(run);
  const peer = await new RawPeer({ port: (await run.url()).port }).setUp();
  const id = await peer.open();
  // What is announced for the next tip.
  await peer.next(NewMiningJob);
  peer.share(id, { ntime: Math.floor(run.clock.nowMs() / 1_000) });
  return { run, peer };
}

async function untilSaid(run: PoolRun, code: string): Promise<void> {
  await until(`its shares cannot be stored: ${code}`, () => {
    run.clock.advance(250);
    return run.lines("shares cannot be stored: their acknowledgements wait").at(-1)?.code === code;
  });
}

describe.skipIf(!canMount)("pools on one data folder that is read-only", () => {
  it("run, and one of them stores and acknowledges shares once it can be written, until it ends and the other one does", async () => {
    disk = SmallDisk.mount(4_096);
    const folder = disk?.folder ?? "";
    loadOrCreateKeys(folder);
    disk?.setReadOnly(true);
    const first = await withShare(folder);
    const second = await withShare(folder);
    for (const { run, peer } of [first, second]) {
      const said = await run.said("the data folder is not locked yet: no shares are stored before it is");
      expect(said).toMatchObject([{ code: "ledger-not-writable", reason: expect.stringContaining("EROFS") }]);
      await untilSaid(run, "ledger-not-writable");
      expect(peer.unread).toBe(0);
    }
    disk?.setReadOnly(false);
    await until("the first one's share is acknowledged", () => {
      first.run.clock.advance(250);
      return first.peer.unread > 0;
    });
    await first.peer.next(SubmitSharesSuccess);
    await untilSaid(second.run, "data-folder-in-use");
    expect(second.peer.unread).toBe(0);
    first.run.stop();
    expect(await first.run.ended).toBe(0);
    await until("the second one's share is acknowledged", () => {
      second.run.clock.advance(250);
      return second.peer.unread > 0;
    });
    await second.peer.next(SubmitSharesSuccess);
  });
});
