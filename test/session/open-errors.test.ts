import { beforeEach, describe, expect, it } from "vitest";
import type { OpenErrorCode } from "../../src/mining/error-codes.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { HARD_BITS, MINING, OPEN, PoolHarness, read, SessionHarness, template } from "./session-fixture.ts";

type Fields = Partial<OpenExtendedMiningChannel>;

let pool: PoolHarness;

beforeEach(() => {
  pool = PoolHarness.withWork();
});

function connected(flags = 0): SessionHarness {
  const client = new SessionHarness(pool).setup({ flags });
  client.frames();
  return client;
}

function ask(client: SessionHarness, kind: "standard" | "extended", fields: Fields = {}): void {
  const open = { ...OPEN, request_id: 21, min_extranonce_size: 8, ...fields };
  if (kind === "standard") client.send(OpenStandardMiningChannel, open);
  else client.send(OpenExtendedMiningChannel, open);
}

/** The one answer to the last request is that error, and the connection lives on: the next valid request is served. */
function expectRefused(client: SessionHarness, error_code: OpenErrorCode): void {
  const [frame, more] = client.frames();
  expect(read(frame, OpenMiningChannelError)).toEqual({ request_id: 21, error_code });
  expect(frame?.header.channelMsg).toBe(false);
  expect(more).toBeUndefined();
  expect(client.ended).toBeUndefined();
  expect(client.events.at(-1)).toMatchObject({ kind: "channel-refused", userIdentity: "alice", errorCode: error_code });
}

function expectServed(client: SessionHarness): void {
  ask(client, "standard", { request_id: 22 });
  const frames = client.frames();
  expect(read(frames[0], OpenStandardMiningChannelSuccess).request_id).toBe(22);
  expect(frames).toHaveLength(3);
}

describe("a request for a channel is refused, and the next valid one is served", () => {
  it.each([
    ["standard", { nominal_hash_rate: -1 }, "invalid-nominal-hashrate"],
    ["standard", { nominal_hash_rate: Number.NaN }, "invalid-nominal-hashrate"],
    ["standard", { nominal_hash_rate: Number.NEGATIVE_INFINITY }, "invalid-nominal-hashrate"],
    ["extended", { nominal_hash_rate: -1 }, "invalid-nominal-hashrate"],
    ["extended", { nominal_hash_rate: Number.POSITIVE_INFINITY }, "invalid-nominal-hashrate"],
    ["standard", { max_target: new Uint8Array(32) }, "max-target-out-of-range"],
    ["extended", { max_target: new Uint8Array(32) }, "max-target-out-of-range"],
    ["extended", { min_extranonce_size: 17 }, "min-extranonce-size-too-large"],
    ["extended", { min_extranonce_size: 65_535 }, "min-extranonce-size-too-large"],
  ] as const)("%s with %j: %s", (kind, fields, code) => {
    const client = connected();
    ask(client, kind, fields);
    expectRefused(client, code);
    expectServed(client);
    ask(client, kind, fields);
    expectRefused(client, code);
  });

  it("an extended one where standard jobs are required", () => {
    const client = connected(1);
    ask(client, "extended");
    expectRefused(client, "extended-channels-not-supported-for-standard-jobs");
    expectServed(client);
  });

  it.each(["standard", "extended"] as const)("a %s one beyond what a connection may have", (kind) => {
    const client = connected();
    for (let channel = 0; channel < MINING.maxChannelsPerConnection; channel += 1) ask(client, "standard");
    const { channel_id } = read(client.frames()[0], OpenStandardMiningChannelSuccess);
    ask(client, kind);
    expectRefused(client, "channel-capacity-exhausted");
    client.send(CloseChannel, { channel_id, reason_code: "" });
    expectServed(client);
  });

  it("one beyond what the pool may have, though the connection has none", () => {
    pool = new PoolHarness({ maxChannels: 1 });
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    const first = connected();
    expectServed(first);
    const client = connected();
    ask(client, "standard");
    expectRefused(client, "channel-capacity-exhausted");
    first.session.end("peer-closed");
    expectServed(client);
  });

  it.each(["standard", "extended"] as const)("a %s one of somebody who cannot be paid where miners are", (kind) => {
    const payout = { ...MINING.payout, mode: "solo" } as const;
    pool = new PoolHarness({ payout });
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    const client = connected();
    ask(client, kind);
    expectRefused(client, "unknown-user");
    const user_identity = new TextEncoder().encode("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080.rig1");
    client.send(OpenStandardMiningChannel, { ...OPEN, request_id: 22, user_identity });
    expect(read(client.frames()[0], OpenStandardMiningChannelSuccess).request_id).toBe(22);
  });

  it("one that waited for work until nobody could be paid for it any more", () => {
    pool.pool.suspendWork();
    const client = connected();
    ask(client, "standard");
    pool.pool.reconfigure({ ...MINING, payout: { ...MINING.payout, mode: "solo" } }, client.now);
    expect(client.frames()).toEqual([]);
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expectRefused(client, "unknown-user");
  });

  it("one that waited too long for work", () => {
    pool.pool.suspendWork();
    const client = connected();
    ask(client, "extended");
    expect(client.frames()).toEqual([]);
    client.advance(5_000);
    expectRefused(client, "no-template-available");
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expectServed(client);
  });
});
