import { describe, expect, it } from "vitest";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { CloseChannel, OpenExtendedMiningChannel, OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import type { SetupConnection } from "../../src/wire/common-messages.ts";
import { HARD_BITS, MINING, OPEN, PoolHarness, read, SessionHarness, template } from "./session-fixture.ts";

const ALICE = "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp";
const REQUIRES_STANDARD_JOBS = 1;

/** A client with a channel for each of those users. */
function connected(
  pool: PoolHarness,
  setup: Partial<SetupConnection>,
  users: readonly string[] = ["name"],
): SessionHarness {
  const client = new SessionHarness(pool).setup(setup);
  for (const user of users) {
    const open = { ...OPEN, user_identity: new TextEncoder().encode(user) };
    if (setup.flags === REQUIRES_STANDARD_JOBS) client.send(OpenStandardMiningChannel, open);
    else client.send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 });
  }
  expect(client.session.channels?.size).toBe(users.length);
  client.frames();
  return client;
}

/** From here on each block pays the miner alone whose channel found it. */
function goSolo({ pool }: PoolHarness, { now }: SessionHarness): void {
  const options: MiningOptions = { ...MINING, payout: { ...MINING.payout, mode: "solo" } };
  pool.reconfigure(options, now);
}

describe("a payout that leaves a channel with nobody to pay", () => {
  it("closes it with a reason, and with its last channel ends the connection", () => {
    const pool = PoolHarness.withWork();
    const client = connected(pool, { vendor: "SRI" });
    goSolo(pool, client);
    const frames = client.frames();
    expect(frames).toHaveLength(1);
    expect(read(frames[0], CloseChannel).reason_code).toBe("unknown-user");
    expect(client.ended).toBe("payout-changed");
    expect(client.events.at(-1)).toMatchObject({ kind: "channel-closed", by: "pool", reasonCode: "unknown-user" });
    expect(client.end?.openChannels).toBe(0);
    expect(pool.pool.openChannels).toBe(0);
  });

  it("leaves the other channels of the connection, and one that never had a channel", () => {
    const pool = PoolHarness.withWork();
    const [client, waiting] = [connected(pool, { vendor: "SRI" }, ["name", ALICE]), connected(pool, {}, [])];
    goSolo(pool, client);
    expect(read(client.frames()[0], CloseChannel).reason_code).toBe("unknown-user");
    expect([client.ended, waiting.ended]).toEqual([undefined, undefined]);
    expect(client.session.channels?.size).toBe(1);
  });

  it.each([
    ["bitaxe", 0],
    ["bitaxe", REQUIRES_STANDARD_JOBS],
    ["NerdQAxe+", 0],
    ["nerdaxe", 0],
    // SRI's mining device.
    ["", REQUIRES_STANDARD_JOBS],
  ])("ends the connection of vendor %j with flags %d without CloseChannel, which it does not heed", (vendor, flags) => {
    const pool = PoolHarness.withWork();
    const client = connected(pool, { vendor, flags });
    goSolo(pool, client);
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBe("payout-changed");
    expect(client.events.at(-1)).toMatchObject({ kind: "channel-closed", by: "pool", reasonCode: "unknown-user" });
  });

  it("does so even where such a client has another channel: it would go on with the closed one", () => {
    const pool = PoolHarness.withWork();
    const client = connected(pool, { vendor: "bitaxe" }, ["name", ALICE]);
    goSolo(pool, client);
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBe("payout-changed");
    expect(pool.pool.openChannels).toBe(0);
  });

  it.each([
    ["", 0],
    ["Braiins", REQUIRES_STANDARD_JOBS],
    ["not a bitaxe", 0],
  ])("is told by CloseChannel to vendor %j with flags %d", (vendor, flags) => {
    const pool = PoolHarness.withWork();
    const client = connected(pool, { vendor, flags });
    goSolo(pool, client);
    expect(read(client.frames()[0], CloseChannel).reason_code).toBe("unknown-user");
  });

  it("sends the miner no work of the new payout", () => {
    const pool = PoolHarness.withWork();
    const client = connected(pool, { vendor: "bitaxe" });
    goSolo(pool, client);
    pool.pool.setTemplate(template({ bits: HARD_BITS, prevHash: new Uint8Array(32).fill(7) }));
    expect(client.frames()).toEqual([]);
  });
});

describe("a new instance id", () => {
  it.each(["bitaxe", "NerdQAxe+"])("ends the connection of vendor %j, which keeps its extranonce", (vendor) => {
    const pool = PoolHarness.withWork();
    const client = connected(pool, { vendor });
    pool.pool.reconfigure({ ...MINING, instanceId: 7 }, client.now);
    expect(client.ended).toBe("extranonce-changed");
  });
});
