import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../../src/app/config.ts";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { serviceOptions } from "../../src/app/service-options.ts";
import { fromHex } from "../../src/core/bytes.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { verifyCertificate } from "../../src/noise/certificate.ts";
import { xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { NoiseInitiator } from "../../src/noise/handshake-state.ts";
import type { PoolServiceOptions } from "../../src/server/pool-service.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const REGTEST = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const TESTNET = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
const SCRIPT = "0014751e76e8199196d454941c45d1b3a323f1433bd6";
const NOBODY = `0014${"00".repeat(20)}`;

const dataDir = mkdtempSync(join(tmpdir(), "adit-service-"));
const keys = loadOrCreateKeys(dataDir);
const clock = new ManualClock();
const made: PoolServiceOptions[] = [];
afterEach(async () => {
  for (const { validator } of made.splice(0)) await validator.close();
});

function configOf(environment: Record<string, string>): Config {
  const input = Object.entries({ DATA_DIR: dataDir, MINING__WORKERS: "0", ...environment });
  const prefixed = Object.fromEntries(input.map(([name, value]) => [`ADIT_${name}`, value]));
  return loadConfig({ flags: [], configFile: undefined, environment: prefixed });
}

function partsOf(config: Config): PoolServiceOptions {
  const parts = { logger: new RecordingLogger(), metrics: createMetricRegistry(), clock };
  const options = serviceOptions(config, keys, parts);
  made.push(options);
  return options;
}

const optionsOf = (environment: Record<string, string>): PoolServiceOptions => partsOf(configOf(environment));

describe("a process", () => {
  it("counts its extranonces from a number of its own, though the clock says the same as at the start before", () => {
    const drawn = Array.from({ length: 4 }, () => optionsOf({}).mining.firstAllocation ?? 0);
    expect(new Set(drawn).size).toBe(4);
    for (const first of drawn) {
      expect(Number.isInteger(first)).toBe(true);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(first).toBeLessThan(2 ** 47);
    }
  });
});

describe("a configuration", () => {
  it("has every number, text and switch in its place", () => {
    const options = optionsOf({
      STRATUM__STRATUM_V2_LISTEN: "127.0.0.7:3339",
      STRATUM__PLAINTEXT: "never",
      SERVER__RECONNECT_TO: "[2001:db8::1]:3340",
      MINING__SHARES_PER_MINUTE: "7.5",
      MINING__MIN_DIFFICULTY: "0.25",
      MINING__POOL_TAG: "/mine/",
      MINING__INSTANCE_ID: "515",
      MINING__ACK_INTERVAL_MS: "321",
      MINING__ACK_COUNT: "654",
      VARDIFF__ENABLED: "false",
      LIMITS__NO_CHANNEL_TIMEOUT_SECONDS: "77",
      LIMITS__MAX_CONNECTIONS: "11",
      LIMITS__MAX_CONNECTIONS_PER_ADDRESS: "12",
      LIMITS__MAX_CHANNELS: "13",
      LIMITS__MAX_CHANNELS_PER_CONNECTION: "14",
      LIMITS__MAX_OUTBOUND_BYTES_PER_CONNECTION: "65537",
      LOG__TRACE: "17",
    });
    const { payout, ...mining } = options.mining;
    expect(mining).toEqual({
      poolTag: "/mine/",
      instanceId: 515,
      firstAllocation: expect.any(Number),
      sharesPerMinute: 7.5,
      minDifficulty: 0.25,
      vardiff: false,
      maxChannels: 13,
      maxChannelsPerConnection: 14,
    });
    const { identity, tracer, ...stratum } = options.stratum;
    expect(stratum).toEqual({
      listen: { host: "127.0.0.7", port: 3339 },
      plaintext: "never",
      reconnectTo: { host: "2001:db8::1", port: 3_340 },
      timeouts: { handshakeMs: 10_000, setupMs: 10_000, noChannelMs: 77_000 },
      maxConnections: 11,
      maxConnectionsPerAddress: 12,
      maxOutboundBytesPerConnection: 65_537,
      tracedPeers: [{ kind: "connection", connectionId: "17" }],
    });
    expect(options.acknowledge).toMatchObject({ intervalMs: 321, maxPendingShares: 654 });
  });

  it("steers each channel's difficulty unless it says otherwise", () => {
    expect(optionsOf({}).mining.vardiff).toBe(true);
  });

  it("makes a pool whose batches of shares have other names than those of the run before", () => {
    const [first, second] = [optionsOf({}).acknowledge.runId, optionsOf({}).acknowledge.runId];
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(second).not.toBe(first);
  });

  it("makes a pool that miners know by the keys in the data folder", () => {
    const { identity } = optionsOf({}).stratum;
    const authorityPublicKey = xOnlyPublicKey(keys.authoritySecretKey);
    const nowSeconds = clock.nowMs() / 1_000;
    // Signed is the static key that was kept over the restart, by the authority that is in every miner's URL.
    const staticPublicKeyX = xOnlyPublicKey(keys.staticSecretKey);
    verifyCertificate({ message: identity.certificate(), staticPublicKeyX, authorityPublicKey, nowSeconds });
    const initiator = new NoiseInitiator({ authorityPublicKey, nowSeconds });
    initiator.readActTwo(identity.createResponder().readActOne(initiator.writeActOne()));
    expect(initiator.transport()).toBeDefined();
  });
});

describe("a payout", () => {
  it("goes to the address, of the network that is configured", () => {
    const payout = { NETWORK: "testnet4", PAYOUT__ADDRESS: TESTNET };
    const poolScript = fromHex(SCRIPT);
    const expected = { mode: "pool", network: "testnet4", feePercent: 0, poolScript };
    expect(optionsOf(payout).mining.payout).toEqual(expected);
    expect(optionsOf({ ...payout, SIMULATE__ENABLED: "true" }).mining.payout).toEqual(expected);
  });

  it("has the mode and the fee that are configured", () => {
    const payout = { PAYOUT__MODE: "solo", PAYOUT__FEE_PERCENT: "1.25", NETWORK: "regtest", PAYOUT__ADDRESS: REGTEST };
    const expected = { mode: "solo", network: "regtest", feePercent: 1.25, poolScript: fromHex(SCRIPT) };
    expect(optionsOf(payout).mining.payout).toEqual(expected);
  });

  it("of the simulated node goes to nobody where there is no address", () => {
    expect(optionsOf({}).mining.payout.poolScript).toEqual(fromHex(NOBODY));
  });

  it("of a real node never goes to nobody, even if a configuration without an address came this far", () => {
    const config = configOf({ NETWORK: "regtest", PAYOUT__ADDRESS: REGTEST, NODE__0__RPC_URL: "http://127.0.0.1:1" });
    const { payout } = partsOf({ ...config, payout: { ...config.payout, address: "" } }).mining;
    expect(payout.poolScript).toBeUndefined();
  });
});

describe("nodes", () => {
  const payout = { NETWORK: "testnet4", PAYOUT__ADDRESS: TESTNET };

  it("are all given found blocks, and the first of them gives templates", () => {
    const { templates, nodes } = optionsOf({
      ...payout,
      NODE__0__RPC_URL: "http://127.0.0.1:1",
      NODE__1__RPC_URL: "http://127.0.0.1:2",
      NODE__2__RPC_URL: "http://127.0.0.1:3",
    });
    expect(templates.name).toBe("rpc:http://127.0.0.1:1");
    expect(nodes.map(({ name }) => name)).toEqual([
      "rpc:http://127.0.0.1:1",
      "rpc:http://127.0.0.1:2",
      "rpc:http://127.0.0.1:3",
    ]);
  });

  it("without a port in their URL have that of the network", () => {
    const { templates } = optionsOf({ ...payout, NODE__0__RPC_URL: "http://127.0.0.1" });
    expect(templates.name).toBe("rpc:http://127.0.0.1:48332");
  });

  it("have their ZMQ address looked at", () => {
    const node = { NODE__0__RPC_URL: "http://127.0.0.1:1", NODE__0__ZMQ_HASHBLOCK: "127.0.0.1:28332" };
    expect(() => optionsOf({ ...payout, ...node })).toThrow(
      'ADIT_NODE__0__ZMQ_HASHBLOCK: node.0.zmq_hashblock is "127.0.0.1:28332", but an address such as tcp://127.0.0.1:28332 is needed',
    );
  });

  it("are left alone where the simulated node is asked for, with their blocks too", () => {
    const simulated = { ...payout, NODE__0__RPC_URL: "http://127.0.0.1:1", SIMULATE__ENABLED: "true" };
    const { templates, nodes } = optionsOf(simulated);
    expect([templates.name, nodes]).toEqual(["simulated", [templates]]);
  });

  it("that are simulated have the difficulty, transactions and times that are configured", async () => {
    const { templates } = optionsOf({
      SIMULATE__DIFFICULTY: "1",
      SIMULATE__TRANSACTIONS: "3",
      SIMULATE__BLOCK_INTERVAL_SECONDS: "50",
      SIMULATE__REFRESH_SECONDS: "20",
    });
    const told: [number, number, boolean][] = [];
    await templates.start({
      onTemplate: ({ bits, transactions }, newTip) => told.push([bits, transactions.length, newTip]),
      onState: () => undefined,
    });
    expect(told).toEqual([[0x1d00ffff, 3, true]]);
    clock.advance(49_999);
    expect(told.map(([, , newTip]) => newTip)).toEqual([true, false, false]);
    clock.advance(1);
    expect(told.map(([, , newTip]) => newTip)).toEqual([true, false, false, true]);
    await templates.stop();
    expect(clock.pending).toBe(0);
  });
});

describe("threads for shares", () => {
  it.each([
    ["0", "wasm"],
    ["1", "workers"],
    ["auto", "workers"],
  ])("%s: %s", (workers, backend) => {
    expect(optionsOf({ MINING__WORKERS: workers }).validator.backend).toBe(backend);
  });

  it("are as many as configured", () => {
    const config = configOf({});
    // Their number shows in nothing but this: the pool of threads refuses what is no number of threads.
    expect(() => partsOf({ ...config, mining: { ...config.mining, workers: 65 } })).toThrow("from 1 to 64");
  });

  it.each(["0", "1"])("%s: there is room for 131,072 jobs, and no more", (workers) => {
    const { validator } = optionsOf({ MINING__WORKERS: workers });
    const job = {
      kind: "standard",
      prevHash: new Uint8Array(32),
      version: 1,
      bits: 0x1d00ffff,
      networkTarget: new Uint8Array(32),
      merkleRoot: fromHex("11".repeat(32)),
    } as const;
    for (let count = 0; count < 131_072; count += 1) validator.addJob(job);
    expect(() => validator.addJob(job)).toThrow("all job slots are taken");
  });
});
