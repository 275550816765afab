import { afterEach, describe, expect, it } from "vitest";
import { VERSION_ROLLING_MASK } from "../../src/bitcoin/version-rolling.ts";
import { hashOfUnit } from "../../src/client/work.ts";
import { reversed, toHex } from "../../src/core/bytes.ts";
import { easySimulatedSource, type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { solve, TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";

let pool: PoolFixture;
const miners: TestMiner[] = [];

async function join(options: { kind: "standard" | "extended"; noise: boolean; user?: string }): Promise<TestMiner> {
  const miner = new TestMiner({
    port: pool.port,
    kind: options.kind,
    user: options.user ?? "tester",
    authorityPublicKey: options.noise ? pool.authorityPublicKey : undefined,
  });
  miners.push(miner);
  return miner.ready();
}

afterEach(async () => {
  for (const miner of miners.splice(0)) miner.close();
  await pool.stop();
});

describe.each([
  { kind: "standard", noise: true },
  { kind: "extended", noise: true },
  { kind: "standard", noise: false },
  { kind: "extended", noise: false },
] as const)("a miner with a $kind channel, noise: $noise", ({ kind, noise }) => {
  it("has its shares accepted, stored and acknowledged", async () => {
    pool = await startPool({ templates: easySimulatedSource({ difficulty: 1 }) });
    const miner = await join({ kind, noise, user: "alice.rig" });
    for (let share = 0; share < 25; share += 1) miner.mine();
    await until("25 shares are acknowledged", () => miner.accepted === 25);
    expect(miner.rejected).toEqual([]);
    expect((await pool.ledger.totalsOf("alice.rig")).acceptedShares).toBe(25);
  });

  it("solves blocks that the node accepts, and gets work on the new tip each time", async () => {
    const source = easySimulatedSource();
    pool = await startPool({ templates: source });
    const miner = await join({ kind, noise });
    const start = source.height;
    for (let block = 1; block <= 3; block += 1) {
      const works = miner.works;
      const { unit, nonce } = miner.mine("block");
      await until("the block is accepted", () => source.height === start + block);
      expect(source.tipHash).toEqual(hashOfUnit(unit, nonce));
      expect(unit.version & VERSION_ROLLING_MASK, "its version was rolled").not.toBe(0);
      await until("the empty job of the new tip was started, and the full one came", () => miner.works === works + 2);
    }
    await until("the shares are acknowledged", () => miner.accepted === 3);
    expect((await pool.ledger.blocks()).map(({ fate }) => fate)).toEqual(["accepted", "accepted", "accepted"]);
    expect(pool.logger.of("block found")).toHaveLength(3);
    expect(pool.logger.of("block accepted")).toHaveLength(3);
  });
});

describe("a pool on a simulated node", () => {
  it("rejects shares with the reason, and sends the error at once", async () => {
    const source = easySimulatedSource({ difficulty: 1 });
    pool = await startPool({ templates: source, ackIntervalMs: 60_000 });
    const miner = await join({ kind: "extended", noise: true });
    const first = miner.unit();
    const nonce = solve(first, "share");
    miner.send(first, nonce);
    miner.send(first, nonce);
    miner.send({ ...first, jobId: first.jobId + 99 }, nonce);
    miner.send({ ...first, extranonce: first.extranonce.subarray(1) }, nonce);
    miner.send({ ...first, ntime: first.ntime - 1 }, nonce);
    miner.send({ ...first, ntime: first.ntime + 8_000 }, nonce);
    miner.send({ ...first, version: (first.version ^ 1) >>> 0 }, nonce);
    await until("six errors came", () => miner.rejected.length === 6);
    source.mineOtherBlock();
    await until("the tip changed", () => miner.works === 3);
    miner.send(first, nonce);
    await until("the stale share is rejected", () => miner.rejected.length === 7);
    expect(miner.rejected.map(({ sequenceNumber, errorCode }) => [sequenceNumber, errorCode])).toEqual([
      [2, "duplicate-share"],
      [3, "invalid-job-id"],
      [4, "bad-extranonce-size"],
      [5, "invalid-timestamp"],
      [6, "invalid-timestamp"],
      [7, "invalid-non-rollable-version-bit"],
      [8, "stale-share"],
    ]);
  });

  it("takes a block even from a share that is rejected", async () => {
    const source = easySimulatedSource();
    pool = await startPool({ templates: source });
    const miner = await join({ kind: "extended", noise: false });
    const unit = miner.unit();
    const early = { ...unit, ntime: unit.ntime - 1, header: unit.header.slice() };
    new DataView(early.header.buffer).setUint32(68, early.ntime, true);
    const start = source.height;
    miner.send(early, solve(early, "block"));
    await until("the block is accepted", () => source.height === start + 1);
    await until("the share is rejected", () => miner.rejected.length === 1);
    expect(miner.rejected[0]?.errorCode).toBe("invalid-timestamp");
  });

  it("gives a block from elsewhere to every channel", async () => {
    const source = easySimulatedSource();
    pool = await startPool({ templates: source });
    const joined = await Promise.all([
      join({ kind: "standard", noise: true }),
      join({ kind: "extended", noise: true }),
      join({ kind: "standard", noise: false }),
      join({ kind: "extended", noise: false }),
    ]);
    source.mineOtherBlock();
    await until("all have both jobs of the new tip", () => joined.every(({ works }) => works === 3));
    for (const miner of joined) {
      const prevHash = miner.unit().header.slice(4, 36);
      expect(toHex(reversed(prevHash))).toBe(toHex(reversed(source.tipHash)));
    }
  });

  it("refreshes jobs on an unchanged tip, and keeps the older ones valid", async () => {
    const source = easySimulatedSource({ difficulty: 1 });
    pool = await startPool({ templates: source });
    const miner = await join({ kind: "extended", noise: true });
    const old = miner.unit();
    source.refresh();
    await until("the refreshed job came", () => miner.works === 2);
    expect(miner.unit().jobId).toBeGreaterThan(old.jobId);
    miner.send(old, solve(old, "share"));
    miner.mine();
    await until("both are accepted", () => miner.accepted === 2);
    expect(miner.rejected).toEqual([]);
  });
});
