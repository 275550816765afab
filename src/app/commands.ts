/** The commands of `adit`: what each is called, which flags it has, and what it does with a signal. */

import { readFileSync } from "node:fs";
import { systemClock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import { backup } from "./backup.ts";
import type { Command, CommandContext, CommandFlag } from "./command.ts";
import { type ConfigInput, loadDataDir, loadValues, toConfig } from "./config.ts";
import { type Arguments, textFlag } from "./flags.ts";
import { showKeys } from "./keys.ts";
import { createLogger } from "./logging.ts";
import { MINER_FLAGS, mine } from "./miner.ts";
import { runPool } from "./pool.ts";
import { POOL_FLAGS } from "./pool-flags.ts";
import { PROBE_FLAGS, probe } from "./probe.ts";
import { REPORT_FLAGS, report } from "./report.ts";

const RANKING = "Flags go over the environment, the environment over the file. All keys: docs/configuration.md.";

const CONFIG: CommandFlag = {
  name: "config",
  type: "string",
  describe: "TOML file; else config/config.toml in the data folder",
};

/** Of a command that needs no more of the configuration than the data folder. */
const DATA_FOLDER: readonly CommandFlag[] = [
  { name: "data-dir", type: "string", describe: "Folder of keys and records" },
  CONFIG,
];

export const COMMANDS: readonly Command[] = [
  {
    name: "pool",
    describe: "Run the pool",
    flags: [...POOL_FLAGS, CONFIG],
    help: RANKING,
    main: pool,
  },
  {
    name: "miner",
    describe: "Mine on a pool with this machine's CPU",
    word: { name: "url", describe: "stratum2+tcp://HOST:PORT/KEY, as the pool prints it" },
    flags: MINER_FLAGS,
    main: miner,
  },
  {
    name: "probe",
    describe: "Connect to a pool as a miner would, show each step, and say what is wrong",
    word: { name: "url", describe: "stratum2+tcp://HOST:PORT/KEY; without KEY nobody's signature is checked" },
    flags: PROBE_FLAGS,
    main(given, { output, signals }) {
      signals.decline();
      return probe(given, { output, clock: systemClock });
    },
  },
  {
    name: "keys",
    describe: "Make the pool's keys if there are none, and show the public one",
    flags: [...DATA_FOLDER, { name: "json", type: "boolean", describe: "As JSON" }],
    main(given, { output, signals }) {
      signals.decline();
      return showKeys(loadDataDir(configInput(given)), { output, json: given.json === true });
    },
  },
  {
    name: "report",
    describe: "Show what the ledger has of a period: shares, workers, rejects, blocks",
    flags: [...REPORT_FLAGS, ...DATA_FOLDER],
    help: "It changes nothing, and works while the pool runs. Times are UTC. More: docs/reports.md.",
    main(given, { output, signals }) {
      signals.decline();
      return report(given, { output, clock: systemClock, dataDir: loadDataDir(configInput(given)) });
    },
  },
  {
    name: "backup",
    describe: "Copy the ledger into a new file, while the pool runs or not",
    word: { name: "file", describe: "The file to write: one that there is not yet" },
    flags: DATA_FOLDER,
    help: "The keys are not in it: copy the folder keys as well. How to restore: docs/reports.md.",
    main: backupOf,
  },
];

export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}

function configInput(given: Arguments): ConfigInput {
  const flags: ConfigInput["flags"][number][] = [];
  for (const { name, path, type } of POOL_FLAGS) {
    const value = type === "boolean" ? given[name] : textFlag(given, name);
    if (typeof value === "string" || typeof value === "boolean") flags.push({ path, value, flag: `--${name}` });
  }
  return { flags, configFile: textFlag(given, "config"), environment: process.env };
}

async function pool(given: Arguments, { output, signals }: CommandContext): Promise<number> {
  const input = configInput(given);
  const loaded = loadValues(input);
  const config = toConfig(loaded.values);
  const logger = createLogger(config.log);
  signals.onLate(() => logger.error("the orderly stop took too long"));
  const { dataDir, network, payout } = config;
  logger.info("starting", {
    version: version(),
    processId: process.pid,
    configFile: loaded.file,
    dataDir,
    network,
    payoutMode: payout.mode,
    payoutAddress: payout.address,
    feePercent: payout.feePercent,
  });
  try {
    return await runPool(config, {
      logger,
      clock: systemClock,
      print: (line) => output.print(line),
      stopSignal: signals.stopSignal,
      reloading: {
        loaded,
        load: () => loadValues(input),
        setLevel: (level) => logger.setLevel(level),
        onRequest: (listener) => signals.onReload(listener),
      },
    });
  } finally {
    signals.release();
  }
}

async function backupOf(given: Arguments, { output, signals, complain }: CommandContext): Promise<number> {
  signals.stopOnHangup();
  let isToldToEnd = false;
  void signals.stopSignal.then(() => {
    isToldToEnd = true;
  });
  try {
    const dataDir = loadDataDir(configInput(given));
    return await backup(given, { output, dataDir, signals });
  } catch (error) {
    if (isToldToEnd && error instanceof AditError) {
      complain(error.message);
      // It ends as every command does that a signal keeps from what was asked for: by that.
      signals.decline();
    }
    throw error;
  } finally {
    signals.release();
  }
}

async function miner(given: Arguments, { output, signals, complain }: CommandContext): Promise<number> {
  signals.stopOnHangup();
  signals.onLate(() => complain("the orderly stop took too long"));
  try {
    return await mine(given, { output, stopSignal: signals.stopSignal });
  } finally {
    signals.release();
  }
}
