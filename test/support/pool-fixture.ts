/** A whole pool in the test's process, on a free loopback port. */

import { systemClock } from "../../src/core/clock.ts";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import { MemoryLedger } from "../../src/ledger/memory-ledger.ts";
import type { BlockSpool } from "../../src/ledger/spool.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { ellswiftKeyPair, generateKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { NoiseIdentity } from "../../src/server/noise-identity.ts";
import { PoolService, type PoolServiceOptions } from "../../src/server/pool-service.ts";
import { createValidator } from "../../src/sharecore/index.ts";
import type { BlockNode } from "../../src/templates/block-node.ts";
import type { PoolNodes } from "../../src/templates/rpc-nodes.ts";
import { SimulatedSource } from "../../src/templates/simulated-source.ts";
import type { TemplateSource } from "../../src/templates/template-source.ts";
import { RecordingLogger } from "./recording-logger.ts";

export type PoolFixture = {
  readonly service: PoolService;
  readonly port: number;
  /** 32 bytes. */
  readonly authorityPublicKey: Uint8Array;
  readonly ledger: MemoryLedger;
  readonly logger: RecordingLogger;
  readonly metrics: MetricRegistry;
  stop(): Promise<void>;
};

export type PoolFixtureOptions = {
  readonly mining?: Partial<MiningOptions>;
  readonly stratum?: Partial<PoolServiceOptions["stratum"]>;
  /** Another source than a simulated node. */
  readonly templates?: TemplateSource & BlockNode;
  /** Real ones. */
  readonly nodes?: PoolNodes;
  readonly ackIntervalMs?: number;
  /** By default blocks are kept nowhere. */
  readonly spool?: BlockSpool;
};

const NO_SPOOL: BlockSpool = {
  read: async () => undefined,
  keep: () => ({ durable: Promise.resolve(), remove: async () => undefined, setAside: async () => undefined }),
  close: async () => undefined,
};

/** Pays to a script that anyone can spend: nothing is ever spent. */
const PAYOUT_SCRIPT = new Uint8Array([0x00, 0x14, ...new Uint8Array(20).fill(0xad)]);

/** A simulated node whose blocks every hundredth hash or so solves; no block and no refresh comes by itself. */
export function easySimulatedSource(
  options: { readonly difficulty?: number; readonly transactions?: number } = {},
): SimulatedSource {
  return new SimulatedSource(
    {
      difficulty: options.difficulty ?? 1e-6,
      transactions: options.transactions ?? 20,
      blockIntervalSeconds: 0,
      refreshSeconds: 0,
      seed: 42,
    },
    { logger: new RecordingLogger(), metrics: createMetricRegistry(), clock: systemClock },
  );
}

function inOne(source: TemplateSource & BlockNode): PoolNodes {
  return { templates: source, blocks: [source] };
}

export async function startPool(options: PoolFixtureOptions = {}): Promise<PoolFixture> {
  const logger = new RecordingLogger();
  const metrics = createMetricRegistry();
  const context = { logger, metrics, clock: systemClock };
  const ledger = new MemoryLedger();
  const { templates, blocks: nodes } = options.nodes ?? inOne(options.templates ?? easySimulatedSource());
  const authority = generateKeyPair();
  const service = new PoolService(
    {
      mining: {
        payout: { mode: "pool", network: "regtest", poolScript: PAYOUT_SCRIPT, feePercent: 0 },
        poolTag: "/test/",
        instanceId: 7,
        sharesPerMinute: 12,
        minDifficulty: 0,
        vardiff: false,
        maxChannels: 10_000,
        maxChannelsPerConnection: 100,
        ...options.mining,
      },
      validator: createValidator({ backend: "workers", workers: 1 }, context),
      ledger,
      templates,
      nodes,
      spool: options.spool ?? NO_SPOOL,
      acknowledge: { runId: "test", intervalMs: options.ackIntervalMs ?? 20, maxPendingShares: 1_000 },
      stratum: {
        listen: { host: "127.0.0.1", port: 0 },
        plaintext: "private",
        maxConnections: 1_000,
        maxConnectionsPerAddress: 1_000,
        maxOutboundBytesPerConnection: 4 << 20,
        identity: new NoiseIdentity(
          {
            authoritySecretKey: authority.secretKey,
            staticKeyPair: ellswiftKeyPair(generateKeyPair().secretKey),
          },
          context,
        ),
        ...options.stratum,
      },
    },
    context,
  );
  const address = await service.start();
  if (address === undefined) throw new Error("the pool was stopped while it started");
  return {
    service,
    port: address.port,
    authorityPublicKey: xOnlyPublicKey(authority.secretKey),
    ledger,
    logger,
    metrics,
    stop: () => service.stop(),
  };
}
