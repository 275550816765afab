/**
 * The pool command: puts the parts together from a configuration, runs until it is told to stop, and ends in order.
 * The one place that knows all rooms.
 */

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { addressToScript } from "../bitcoin/address.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { createMetricRegistry, type MetricRegistry } from "../core/metrics.ts";
import { MemoryLedger } from "../ledger/memory-ledger.ts";
import { ellswiftKeyPair } from "../noise/ellswift.ts";
import { formatPoolUrl } from "../noise/pool-url.ts";
import { NoiseIdentity } from "../server/noise-identity.ts";
import { PoolService, type PoolServiceOptions } from "../server/pool-service.ts";
import { DEFAULT_TIMEOUTS } from "../server/stratum-server.ts";
import { createValidator, type ShareValidator } from "../sharecore/index.ts";
import { RpcSource } from "../templates/rpc-source.ts";
import { SimulatedSource } from "../templates/simulated-source.ts";
import type { TemplateSource } from "../templates/template-source.ts";
import type { Config } from "./config.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { loadOrCreateKeys, type PoolKeys } from "./key-store.ts";

export type PoolContext = {
  readonly logger: Logger;
  /** Writes a line to standard output. */
  print(line: string): void;
  /** Resolves with the signal's name when the pool has to stop. */
  readonly stopSignal: Promise<string>;
};

type Parts = { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock };

/** Where the simulated node's blocks pay to when no address is configured: version 0 and a key hash of zeros, nobody's. */
const NOBODY = new Uint8Array([0x00, 0x14, ...new Uint8Array(20)]);

/**
 * Runs the pool until `stopSignal`. Resolves with the exit code.
 * @throws {AditError} with disposition `shutdown` for what keeps it from running.
 */
export async function runPool(config: Config, context: PoolContext): Promise<number> {
  const { logger } = context;
  const parts: Parts = { logger, metrics: createMetricRegistry(), clock: systemClock };
  const keys = loadOrCreateKeys(config.dataDir);
  const service = new PoolService(serviceOptions(config, keys, parts), parts);

  const stopped = context.stopSignal.then((signal) => ({ signal }));
  const started = await Promise.race([service.start(), stopped]);
  if ("port" in started) {
    const { address, port } = started;
    context.print(formatPoolUrl({ host: publicHost(config), port, authorityPublicKey: keys.authorityPublicKey }));
    logger.info("listening", { address, port, plaintext: config.stratum.plaintext });
  }
  const { signal } = await stopped;
  logger.info("stopping", { signal, connections: service.connections, channels: service.channels });
  await service.stop();
  logger.info("stopped");
  return EXIT_OK;
}

function serviceOptions(config: Config, keys: PoolKeys, parts: Parts): PoolServiceOptions {
  const { mining, limits, stratum, payout } = config;
  const [templates, ...alsoSubmitTo] = createSources(config, parts);
  if (templates === undefined) throw new Error("a checked configuration has a source of templates");
  return {
    mining: {
      payout: { script: payout.address === "" ? NOBODY : addressToScript(payout.address, config.network) },
      poolTag: mining.poolTag,
      instanceId: mining.instanceId,
      startedAtMs: parts.clock.nowMs(),
      sharesPerMinute: mining.sharesPerMinute,
      minDifficulty: mining.minDifficulty,
      vardiff: config.vardiff.enabled,
      maxChannels: limits.maxChannels,
      maxChannelsPerConnection: limits.maxChannelsPerConnection,
    },
    validator: createShareValidator(mining.workers, parts),
    ledger: new MemoryLedger(),
    templates,
    alsoSubmitTo,
    acknowledge: {
      runId: randomBytes(8).toString("hex"),
      intervalMs: mining.ackIntervalMs,
      maxPendingShares: mining.ackCount,
    },
    stratum: {
      listen: stratum.stratumV2Listen,
      plaintext: stratum.plaintext,
      timeouts: { ...DEFAULT_TIMEOUTS, noChannelMs: 1_000 * limits.noChannelTimeoutSeconds },
      maxConnections: limits.maxConnections,
      maxConnectionsPerAddress: limits.maxConnectionsPerAddress,
      maxOutboundBytesPerConnection: limits.maxOutboundBytesPerConnection,
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

/** Jobs of standard channels take a slot each while shares come in on them. */
const JOB_SLOTS = 131_072;

function createShareValidator(workers: number | "auto", parts: Parts): ShareValidator {
  if (workers === 0) return createValidator({ backend: "wasm", jobSlots: JOB_SLOTS });
  const count = workers === "auto" ? {} : { workers };
  return createValidator({ backend: "workers", jobSlots: JOB_SLOTS, ...count }, parts);
}

/** The first gives templates; all get found blocks. */
function createSources(config: Config, parts: Parts): TemplateSource[] {
  if (config.simulate.enabled) return [new SimulatedSource(config.simulate, parts)];
  return config.nodes.map((node) => new RpcSource({ ...node, network: config.network }, parts));
}

/** The host for the URL: as configured, the one listened on, or the first address that others can reach. */
function publicHost(config: Config): string {
  const { publicHost: configured, stratumV2Listen } = config.stratum;
  if (configured !== "") return configured;
  const { host } = stratumV2Listen;
  if (host !== "::" && host !== "0.0.0.0") return host;
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family, internal } of addresses ?? []) {
      if (family === "IPv4" && !internal) return address;
    }
  }
  return "127.0.0.1";
}
