import { afterEach, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { easySimulatedSource, type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";

const CONNECTIONS = 200;
const SHARES_EACH = 5;
const WAVE = 20;

let pool: PoolFixture;

afterEach(() => pool.stop());

it("credits each share of 200 connections to its own channel, none lost and none twice", async () => {
  pool = await startPool({ templates: easySimulatedSource({ difficulty: 1000 }) });
  const miners: TestMiner[] = [];
  for (let index = 0; index < CONNECTIONS; index += 1) {
    miners.push(
      new TestMiner({
        port: pool.port,
        kind: index % 4 < 2 ? "standard" : "extended",
        authorityPublicKey: index % 2 === 0 ? pool.authorityPublicKey : undefined,
        user: `miner.${index}`,
      }),
    );
    // Both sides of every handshake are computed in this one thread: they connect in waves.
    if (miners.length % WAVE === 0) await Promise.all(miners.slice(-WAVE).map((miner) => miner.ready()));
  }
  expect(pool.service.channels).toBe(CONNECTIONS);
  const prefixes = new Set(miners.map(({ extranoncePrefix }) => toHex(extranoncePrefix)));
  expect(prefixes.size).toBe(CONNECTIONS);

  for (let round = 0; round < SHARES_EACH; round += 1) {
    for (const miner of miners) miner.mine();
    // Lets the sockets work between the rounds.
    await new Promise((resolve) => setImmediate(resolve));
  }
  // One share of each is sent a second time.
  for (const miner of miners) {
    const { unit, nonce } = miner.mine();
    miner.send(unit, nonce);
  }
  await until("all shares are answered", () =>
    miners.every(({ accepted, rejected }) => accepted + rejected.length === SHARES_EACH + 2),
  );
  for (const [index, miner] of miners.entries()) {
    expect(miner.accepted).toBe(SHARES_EACH + 1);
    expect(miner.rejected.map(({ errorCode }) => errorCode)).toEqual(["duplicate-share"]);
    const totals = await pool.ledger.totalsOf(`miner.${index}`);
    expect(totals.acceptedShares).toBe(SHARES_EACH + 1);
    expect(totals.rejects).toEqual({ "duplicate-share": 1 });
  }
  expect((await pool.ledger.totals()).acceptedShares).toBe(CONNECTIONS * (SHARES_EACH + 1));
  for (const miner of miners) miner.close();
}, 120_000);
