/**
 * The pool command: puts the parts together from a configuration, runs until it is told to stop, and ends in order.
 * The one place that knows all rooms.
 */

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { addressToScript } from "../bitcoin/address.ts";
import { systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { createMetricRegistry } from "../core/metrics.ts";
import { MemoryLedger } from "../ledger/memory-ledger.ts";
import { ellswiftKeyPair } from "../noise/ellswift.ts";
import { formatPoolUrl } from "../noise/pool-url.ts";
import { NoiseIdentity } from "../server/noise-identity.ts";
import { PoolService } from "../server/pool-service.ts";
import { createValidator } from "../sharecore/index.ts";
import { RpcSource } from "../templates/rpc-source.ts";
import { SimulatedSource } from "../templates/simulated-source.ts";
import type { TemplateSource } from "../templates/template-source.ts";
import type { Config } from "./config.ts";
import { loadOrCreateKeys } from "./key-store.ts";

export type PoolContext = {
  readonly logger: Logger;
  /** Writes a line to standard output. */
  print(line: string): void;
  /** Resolves with the signal's name when the pool has to stop. */
  readonly stopSignal: Promise<string>;
};

/**
 * Where the simulated node's blocks pay to when no address is configured: version 0, a key hash of zeros, nobody's.
 */
const NOBODY = new Uint8Array([0x00, 0x14, ...new Uint8Array(20)]);

/** Runs the pool until `stopSignal`. Resolves with the exit code. */
export async function runPool(config: Config, context: PoolContext): Promise<number> {
  const { logger } = context;
  const parts = { logger, metrics: createMetricRegistry(), clock: systemClock };
  const keys = await loadOrCreateKeys(config.dataDir);
  const [templates, ...others] = createSources(config, parts);
  if (templates === undefined) throw new Error("a configuration has at least one source of templates");

  const service = new PoolService(
    {
      mining: {
        payout: { script: config.payout.address === "" ? NOBODY : addressToScript(config.payout.address, config.network) },
        poolTag: config.mining.poolTag,
        instanceId: config.mining.instanceId,
        sharesPerMinute: config.mining.sharesPerMinute,
        minDifficulty: config.mining.minDifficulty,
        vardiff: config.vardiff.enabled,
        maxChannels: config.limits.maxChannels,
        maxChannelsPerConnection: config.limits.maxChannelsPerConnection,
      },
      validator: createValidator({ backend: "workers", workers: config.mining.workers }),
      ledger: new MemoryLedger(),
      templates,
      alsoSubmitTo: others,
      acknowledge: {
        runId: randomBytes(8).toString("hex"),
        intervalMs: config.mining.ackIntervalMs,
        maxPendingShares: config.mining.ackCount,
      },
      stratum: {
        listen: config.stratum.stratumV2Listen,
        plaintext: config.stratum.plaintext,
        maxConnections: config.limits.maxConnections,
        maxConnectionsPerAddress: config.limits.maxConnectionsPerAddress,
        maxOutboundBytesPerConnection: config.limits.maxOutboundBytesPerConnection,
        identity: new NoiseIdentity(
          {
            authoritySecretKey: keys.authoritySecretKey,
            staticKeyPair: ellswiftKeyPair(keys.staticSecretKey, (length) => new Uint8Array(randomBytes(length))),
          },
          parts,
        ),
      },
    },
    parts,
  );

  const stopped = context.stopSignal.then((signal) => ({ signal }));
  const started = await Promise.race([service.start(), stopped]);
  if ("signal" in started) {
    logger.info("stopping before the first template", { signal: started.signal });
    await service.stop();
    return 0;
  }
  const { port } = started;
  const host = publicHost(config);
  context.print(formatPoolUrl({ host, port, authorityPublicKey: keys.authorityPublicKey }));
  logger.info("listening", { address: started.address, port, plaintext: config.stratum.plaintext });

  const { signal } = await stopped;
  logger.info("stopping", { signal });
  await service.stop();
  logger.info("stopped");
  return 0;
}
