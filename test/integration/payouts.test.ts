import { afterEach, describe, expect, it } from "vitest";
import { addressToScript } from "../../src/bitcoin/address.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import type { PayoutOptions } from "../../src/mining/payout-policy.ts";
import { easySimulatedSource, type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";

const ALICE = "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp";
const BOB = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const MAINNET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
const POOL = fromHex(`0014${"ab".repeat(20)}`);

let pool: PoolFixture;
const miners: TestMiner[] = [];

async function start(payout: Pick<PayoutOptions, "mode" | "feePercent">) {
  const source = easySimulatedSource();
  pool = await startPool({
    templates: source,
    mining: { payout: { ...payout, network: "regtest", poolScript: POOL } },
  });
  return source;
}

function connect(user: string): TestMiner {
  const miner = new TestMiner({ port: pool.port, kind: "extended", user, authorityPublicKey: pool.authorityPublicKey });
  miners.push(miner);
  return miner;
}

afterEach(async () => {
  for (const miner of miners.splice(0)) miner.close();
  await pool.stop();
});

/** Whom a miner's job pays, with what of 100. */
function shares({ outputs }: TestMiner): [string, number][] {
  const paid = outputs.filter(({ value }) => value > 0n);
  const all = paid.reduce((sum, { value }) => sum + value, 0n);
  return paid.map(({ script, value }) => [toHex(script), Math.round(Number((value * 1_000_000n) / all) / 100) / 100]);
}

const scriptOf = (address: string): string => toHex(addressToScript(address, "regtest"));
const POOL_SCRIPT = toHex(POOL);

describe("a coinbase that a miner receives", () => {
  it("pays that miner less the fee in mode solo, on every tip, whoever else mines and finds blocks", async () => {
    const source = await start({ mode: "solo", feePercent: 2.5 });
    const [alice, bob, second] = await Promise.all(
      [`${ALICE}.rig`, `${BOB}.rig`, `${ALICE}.rig.2`].map((user) => connect(user).ready()),
    );
    if (alice === undefined || bob === undefined || second === undefined) throw new Error("all three mine");
    const everyonesPayout = () => [alice, bob, second].map(shares);
    const expected = [ALICE, BOB, ALICE].map((address) => [
      [scriptOf(address), 97.5],
      [POOL_SCRIPT, 2.5],
    ]);
    expect(everyonesPayout()).toEqual(expected);
    for (const [index, finder] of [alice, bob, second].entries()) {
      const works = miners.map((miner) => miner.works);
      const height = source.height;
      finder.mine("block");
      await until("the block is accepted", () => source.height === height + 1);
      await until("all have the next tip's job", () => miners.every((miner, at) => miner.works > (works[at] ?? 0)));
      expect(everyonesPayout(), `after block ${index}`).toEqual(expected);
    }
    expect((await pool.ledger.blocks()).map(({ fate }) => fate)).toEqual(["accepted", "accepted", "accepted"]);
  });

  it.each([
    [`${ALICE}.rig`, [[scriptOf(ALICE), 100]]],
    [`sri/solo/${BOB}/rig`, [[scriptOf(BOB), 100]]],
    [
      `sri/donate/25/${ALICE}/rig`,
      [
        [scriptOf(ALICE), 75],
        [POOL_SCRIPT, 25],
      ],
    ],
    ["sri/donate/rig", [[POOL_SCRIPT, 100]]],
    ["alice.rig", [[POOL_SCRIPT, 100]]],
  ])("pays whom the identity says in mode identity: %s", async (user, expected) => {
    await start({ mode: "identity", feePercent: 0 });
    expect(shares(await connect(user).ready())).toEqual(expected);
  });

  it("pays the pool in mode pool, even where the identity is an address", async () => {
    await start({ mode: "pool", feePercent: 0 });
    expect(shares(await connect(`${ALICE}.rig`).ready())).toEqual([[POOL_SCRIPT, 100]]);
  });
});

describe("an identity that says nobody to pay", () => {
  it.each<[PayoutOptions["mode"], string]>([
    ["solo", "alice.rig"],
    ["solo", `${MAINNET}.rig`],
    ["identity", `${MAINNET}.rig`],
    ["identity", "sri/solo/alice"],
  ])("is refused with unknown-user in mode %s, and others mine on: %s", async (mode, user) => {
    await start({ mode, feePercent: 0 });
    const other = await connect(`${ALICE}.rig`).ready();
    await expect(connect(user).ready()).rejects.toThrow("refuses the channel with unknown-user");
    expect(pool.logger.of("channel refused")).toMatchObject([{ userIdentity: user, errorCode: "unknown-user" }]);
    other.mine();
    await until("a share is acknowledged", () => other.accepted === 1);
  });
});
