/** The pool command: runs a pool of that configuration until it is told to stop, and ends it in order. */

import { networkInterfaces } from "node:os";
import type { Clock } from "../core/clock.ts";
import { keepAlive } from "../core/keep-alive.ts";
import type { Logger } from "../core/logger.ts";
import { createMetricRegistry } from "../core/metrics.ts";
import { type DataFolderLock, FOLDER_LOCK_TIMEOUT_MS, lockDataFolder } from "../ledger/data-folder-lock.ts";
import { LedgerError } from "../ledger/errors.ts";
import { isWithoutLedger } from "../ledger/log-alone.ts";
import { formatPoolUrl } from "../noise/pool-url.ts";
import { PoolService } from "../server/pool-service.ts";
import type { Config } from "./config.ts";
import { EXIT_FAILURE, EXIT_OK } from "./exit-codes.ts";
import { loadOrCreateKeys, type PoolKeys } from "./key-store.ts";
import { ledgerFile } from "./ledger-path.ts";
import { Reloader, type ReloaderOptions } from "./reload.ts";
import { poolSettings, serviceOptions } from "./service-options.ts";

export type PoolContext = {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Writes a line to standard output. */
  print(line: string): void;
  /** Resolves with the signal's name when the pool has to stop. */
  readonly stopSignal: Promise<string>;
  /** How the configuration can change while the pool runs; without it, it stays as it is. */
  readonly reloading?: Omit<ReloaderOptions, "apply"> & {
    /** Has `listener` called whenever it has to be read again. */
    onRequest(listener: () => void): void;
  };
};

/**
 * Runs the pool until `stopSignal`. Resolves with the exit code: a failure where shares were left that the ledger did not
 * take.
 * @throws {AditError} with disposition `shutdown` for what keeps it from running.
 */
export async function runPool(config: Config, context: PoolContext): Promise<number> {
  const keys = loadOrCreateKeys(config.dataDir);
  const lock = lockIfWritable(config.dataDir, context);
  try {
    return await runLocked(config, keys, { ...context, locksFolder: lock === undefined });
  } finally {
    lock?.release();
  }
}

/** Undefined where nothing can be written: the pool runs, as nothing is stored until the ledger has the lock. */
function lockIfWritable(folder: string, { logger }: PoolContext): DataFolderLock | undefined {
  try {
    return lockPatiently(folder, logger);
  } catch (error) {
    if (!(error instanceof LedgerError) || error.disposition.kind !== "ignore") throw error;
    const { code, message: reason } = error;
    logger.error("the data folder is not locked yet: no shares are stored before it is", { code, reason });
    return undefined;
  }
}

/** Says what it waits for. */
function lockPatiently(folder: string, logger: Logger): DataFolderLock {
  try {
    return lockDataFolder(folder, { timeoutMs: 0 });
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code !== "data-folder-in-use") throw error;
    logger.warn("another pool runs on the data folder: its end is waited for", {
      seconds: FOLDER_LOCK_TIMEOUT_MS / 1_000,
    });
    return lockDataFolder(folder, { timeoutMs: FOLDER_LOCK_TIMEOUT_MS });
  }
}

async function runLocked(
  config: Config,
  keys: PoolKeys,
  context: PoolContext & { readonly locksFolder: boolean },
): Promise<number> {
  const { logger, clock, locksFolder } = context;
  const file = ledgerFile(config.dataDir);
  if (!keys.areNew && isWithoutLedger(file)) {
    logger.warn("there is no ledger in the data folder: a new one is begun", { file });
  }
  const parts = { logger, metrics: createMetricRegistry(), clock, locksFolder };
  const service = new PoolService(serviceOptions(config, keys, parts), parts);

  const stopped = context.stopSignal.then((signal) => ({ signal }));
  let present = config;
  let port: number | undefined;
  let isStopping = false;
  const printUrl = (): void => {
    if (port === undefined) return;
    const { authorityPublicKey } = keys;
    context.print(formatPoolUrl({ host: publicHost(present), port, authorityPublicKey }));
  };
  const apply = (next: Config): void => {
    const isElsewhere = next.stratum.publicHost !== present.stratum.publicHost;
    service.reconfigure(poolSettings(next));
    present = next;
    if (isElsewhere) printUrl();
  };
  followRequests(context, { apply, isStopping: () => isStopping });

  const started = await Promise.race([service.start(), stopped]);
  if ("port" in started) {
    port = started.port;
    printUrl();
    logger.info("listening", { address: started.address, port, plaintext: present.stratum.plaintext });
  }
  const { signal } = await stopped;
  isStopping = true;
  logger.info("stopping", { signal, connections: service.connections, channels: service.channels });
  await keepAlive(service.stop());
  const { stored, unstored } = service.shares;
  logger.info("stopped", { shares: stored });
  return unstored === 0 ? EXIT_OK : EXIT_FAILURE;
}

/** Reads the configuration again whenever that is asked for, until the pool stops. */
function followRequests(
  { reloading, logger }: PoolContext,
  pool: { readonly apply: (config: Config) => void; readonly isStopping: () => boolean },
): void {
  if (reloading === undefined) return;
  const reloader = new Reloader({ ...reloading, apply: pool.apply }, { logger });
  reloading.onRequest(() => {
    if (pool.isStopping()) logger.info("configuration not reloaded: the pool is stopping");
    else reloader.reload();
  });
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
