/**
 * The parts of a pool, put together from its configuration: every option in its place. The one place that knows all
 * rooms.
 */

import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { addressToScript } from "../bitcoin/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { MetricRegistry } from "../core/metrics.ts";
import { FolderSpool } from "../ledger/folder-spool.ts";
import { SqliteLedger } from "../ledger/sqlite-ledger.ts";
import { FIRST_ALLOCATIONS } from "../mining/extranonce-allocator.ts";
import type { PayoutOptions } from "../mining/payout-policy.ts";
import { ellswiftKeyPair } from "../noise/ellswift.ts";
import { MessageTracer } from "../server/message-tracer.ts";
import { NoiseIdentity } from "../server/noise-identity.ts";
import type { PoolServiceOptions, PoolSettings } from "../server/pool-service.ts";
import { DEFAULT_TIMEOUTS } from "../server/stratum-server.ts";
import { createValidator, type ShareValidator } from "../sharecore/index.ts";
import { type PoolNodes, rpcNodes } from "../templates/rpc-nodes.ts";
import { SimulatedSource } from "../templates/simulated-source.ts";
import type { Config } from "./config.ts";
import type { PoolKeys } from "./key-store.ts";
import { ledgerFile } from "./ledger-path.ts";
import { traceFile } from "./trace-file.ts";

type Parts = {
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  readonly clock: Clock;
  /** The ledger has to take the lock of the data folder before it stores anything. */
  readonly locksFolder?: boolean;
};

/** Where the simulated node's blocks pay to when no address is configured: version 0 and a key hash of zeros, nobody's. */
const NOBODY = new Uint8Array([0x00, 0x14, ...new Uint8Array(20)]);

/** @throws {AditError} for an option of a node that cannot be used. */
export function serviceOptions(config: Config, keys: PoolKeys, parts: Parts): PoolServiceOptions {
  const { mining, stratum } = config;
  const settings = poolSettings(config);
  const { templates, blocks } = createNodes(config, parts);
  return {
    mining: { ...settings.mining, firstAllocation: randomInt(FIRST_ALLOCATIONS) },
    validator: createShareValidator(mining.workers, parts),
    ledger: new SqliteLedger({
      file: ledgerFile(config.dataDir),
      locksFolder: parts.locksFolder === true,
      ...config.ledger,
    }),
    templates,
    nodes: blocks,
    spool: new FolderSpool({ folder: join(config.dataDir, "spool") }, parts),
    acknowledge: { ...settings.acknowledge, runId: randomBytes(8).toString("hex") },
    stratum: {
      ...settings.stratum,
      listen: stratum.stratumV2Listen,
      tracer: new MessageTracer({ openSink: () => traceFile(config.dataDir, parts.clock.nowMs()) }, parts),
      identity: new NoiseIdentity(
        {
          authoritySecretKey: keys.authoritySecretKey,
          staticKeyPair: ellswiftKeyPair(keys.staticSecretKey),
        },
        parts,
      ),
    },
  };
}

/** What of it can change while the pool runs. */
export function poolSettings(config: Config): PoolSettings {
  const { mining, limits, log, server, stratum } = config;
  return {
    mining: {
      payout: payoutOptions(config),
      poolTag: mining.poolTag,
      instanceId: mining.instanceId,
      sharesPerMinute: mining.sharesPerMinute,
      minDifficulty: mining.minDifficulty,
      vardiff: config.vardiff.enabled,
      maxChannels: limits.maxChannels,
      maxChannelsPerConnection: limits.maxChannelsPerConnection,
    },
    acknowledge: { intervalMs: mining.ackIntervalMs, maxPendingShares: mining.ackCount },
    stratum: {
      plaintext: stratum.plaintext,
      reconnectTo: server.reconnectTo,
      tracedPeers: log.trace,
      timeouts: { ...DEFAULT_TIMEOUTS, noChannelMs: 1_000 * limits.noChannelTimeoutSeconds },
      maxConnections: limits.maxConnections,
      maxConnectionsPerAddress: limits.maxConnectionsPerAddress,
      maxOutboundBytesPerConnection: limits.maxOutboundBytesPerConnection,
    },
  };
}

/** Without an address only the simulated node's blocks are made: those of a real one are worth something. */
function payoutOptions({ payout: { mode, address, feePercent }, simulate, network }: Config): PayoutOptions {
  const nobody = simulate.enabled ? NOBODY : undefined;
  return { mode, network, feePercent, poolScript: address === "" ? nobody : addressToScript(address, network) };
}

/** Jobs of standard channels take a slot each while shares come in on them. */
const JOB_SLOTS = 131_072;

function createShareValidator(workers: number | "auto", parts: Parts): ShareValidator {
  if (workers === 0) return createValidator({ backend: "wasm", jobSlots: JOB_SLOTS });
  const count = workers === "auto" ? {} : { workers };
  return createValidator({ backend: "workers", jobSlots: JOB_SLOTS, ...count }, parts);
}

/** One gives templates; all get found blocks. */
function createNodes(config: Config, parts: Parts): PoolNodes {
  const { dataDir, simulate, nodes, network } = config;
  const [first, ...others] = nodes.map((node) => ({ ...node, network }));
  if (simulate.enabled || first === undefined) {
    const chainFile = join(dataDir, "simulated-chain.jsonl");
    const simulated = new SimulatedSource({ ...simulate, chainFile }, parts);
    return { templates: simulated, blocks: [simulated] };
  }
  return rpcNodes(first, others, parts);
}
