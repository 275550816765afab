/** Reads the command line of `adit` and starts what was asked for. Exit codes: docs/errors.md. */

import { readFileSync } from "node:fs";
import yargs, { type Argv } from "yargs";
import { systemClock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { ClientFlag } from "./client-flags.ts";
import { type ConfigInput, loadDataDir, loadValues, toConfig } from "./config.ts";
import { UsageError } from "./errors.ts";
import { EXIT_FAILURE, EXIT_USAGE } from "./exit-codes.ts";
import { type Arguments, checkKnown, checkSwitches, textFlag } from "./flags.ts";
import { showKeys } from "./keys.ts";
import { createLogger } from "./logging.ts";
import { MINER_FLAGS, mine } from "./miner.ts";
import { nearest } from "./nearest.ts";
import { Output } from "./output.ts";
import { runPool } from "./pool.ts";
import { POOL_FLAGS } from "./pool-flags.ts";
import { PROBE_FLAGS, probe } from "./probe.ts";
import type { SignalHandling } from "./signals.ts";

const EPILOGUE = "Exit codes: 0 done or stopped in order, 1 failed while running, 2 wrong usage or configuration.";

const RANKING = "Flags go over the environment, the environment over the file. All keys: docs/configuration.md.";

const COMMANDS = ["pool", "miner", "probe", "keys"];

/** Flags that take no value. */
const SWITCHES = namesOf([...POOL_FLAGS, ...MINER_FLAGS, ...PROBE_FLAGS].filter(({ type }) => type === "boolean"));

function namesOf(flags: readonly { readonly name: string }[]): string[] {
  return flags.map(({ name }) => name);
}

const output = new Output(process.stdout);

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}

/** yargs takes `-stratum-v2` for single letters. */
function withLongFlags(argv: readonly string[]): string[] {
  return argv.map((argument) => (/^-[a-z]{2,}/.test(argument) ? `-${argument}` : argument));
}

function configInput(given: Arguments): ConfigInput {
  const flags: ConfigInput["flags"][number][] = [];
  for (const { name, path, type } of POOL_FLAGS) {
    const value = type === "boolean" ? given[name] : textFlag(given, name);
    if (typeof value === "string" || typeof value === "boolean") flags.push({ path, value, flag: `--${name}` });
  }
  return { flags, configFile: textFlag(given, "config"), environment: process.env };
}

async function pool(given: Arguments, signals: SignalHandling): Promise<number> {
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

async function miner(given: Arguments, signals: SignalHandling): Promise<number> {
  signals.stopOnHangup();
  signals.onLate(() => complain("the orderly stop took too long"));
  try {
    return await mine(given, { output, stopSignal: signals.stopSignal });
  } finally {
    signals.release();
  }
}

function probeOf(given: Arguments, signals: SignalHandling): Promise<number> {
  signals.decline();
  return probe(given, { output, clock: systemClock });
}

function keys(given: Arguments, signals: SignalHandling): number {
  signals.decline();
  return showKeys(loadDataDir(configInput(given)), { output, json: given.json === true });
}

function noCommand({ _: words }: Arguments): never {
  const [word] = Array.isArray(words) ? words : [];
  const found =
    word === undefined
      ? "a command is missing:"
      : `there is no command ${word}; did you mean ${nearest(String(word), COMMANDS)}?`;
  throw new UsageError("config-invalid", `${found} adit pool, adit miner, adit probe or adit keys is needed`);
}

function complain(message: string): void {
  process.stderr.write(`adit: ${message}\n`);
}

type Command = {
  readonly main: (given: Arguments, signals: SignalHandling) => number | Promise<number>;
  /** Its flags, and the words that stand without one. */
  readonly names: readonly string[];
};

type CommandParts = {
  readonly given: Arguments;
  readonly argv: readonly string[];
  readonly signals: SignalHandling;
};

/** Runs one command; what it throws becomes one line and an exit code. */
async function runCommand(command: Command, parts: CommandParts): Promise<void> {
  const { given, argv, signals } = parts;
  try {
    checkKnown(given, command.names);
    checkSwitches(argv, SWITCHES);
    process.exitCode = await command.main(given, signals);
  } catch (error) {
    if (!(error instanceof AditError)) throw error;
    complain(error.message);
    process.exitCode = error instanceof UsageError || isWrongAddress(error) ? EXIT_USAGE : EXIT_FAILURE;
  }
  // A stop that was asked for does not wait for what is still open.
  process.exit();
}

/** An address that nothing will ever make right; one that is taken may be free later. */
function isWrongAddress({ code, details }: AditError): boolean {
  if (code === "listen-failed") return details.errno === "EADDRNOTAVAIL";
  return ["url-invalid", "key-invalid", "node-options-invalid", "signet-unsupported"].includes(code);
}

/** The flags of a command that connects to a pool: a text needs its value. */
function addClientFlags(command: Argv, flags: readonly ClientFlag[]): void {
  for (const { name, ...flag } of flags) command.option(name, { ...flag, requiresArg: flag.type === "string" });
}

/**
 * Runs the command that the words name, and ends the process with its exit code.
 * @param signals taken over before; the commands that do not stop in order give them back.
 */
export async function runCommandLine(words: readonly string[], signals: SignalHandling): Promise<void> {
  const argv = withLongFlags(words);
  const run = (command: Command, given: Arguments): Promise<void> => runCommand(command, { given, argv, signals });
  const cli = yargs(argv)
    .scriptName("adit")
    .usage("$0 COMMAND\n\nA Bitcoin mining pool for Stratum V2.")
    .parserConfiguration({ "camel-case-expansion": false, "boolean-negation": false, "dot-notation": false })
    .command(
      "pool",
      "Run the pool",
      (command) => {
        for (const { name, type, describe } of POOL_FLAGS) command.option(name, { type, describe });
        command.epilogue([RANKING, EPILOGUE].join("\n"));
        return command.option("config", {
          type: "string",
          describe: "TOML file; else config/config.toml in the data folder",
        });
      },
      (given) => run({ main: pool, names: [...namesOf(POOL_FLAGS), "config"] }, given),
    )
    .command(
      "miner [url]",
      "Mine on a pool with this machine's CPU",
      (command) => {
        addClientFlags(command, MINER_FLAGS);
        return command.positional("url", {
          type: "string",
          describe: "stratum2+tcp://HOST:PORT/KEY, as the pool prints it",
        });
      },
      (given) => run({ main: miner, names: [...namesOf(MINER_FLAGS), "url"] }, given),
    )
    .command(
      "probe [url]",
      "Connect to a pool as a miner would, show each step, and say what is wrong",
      (command) => {
        addClientFlags(command, PROBE_FLAGS);
        return command.positional("url", {
          type: "string",
          describe: "stratum2+tcp://HOST:PORT/KEY; without KEY nobody's signature is checked",
        });
      },
      (given) => run({ main: probeOf, names: [...namesOf(PROBE_FLAGS), "url"] }, given),
    )
    .command(
      "keys",
      "Make the pool's keys if there are none, and show the public one",
      (command) =>
        command
          .option("data-dir", { type: "string", describe: "Folder of keys and records" })
          .option("config", { type: "string", describe: "TOML file; else config/config.toml in the data folder" })
          .option("json", { type: "boolean", describe: "As JSON" }),
      (given) => run({ main: keys, names: ["data-dir", "config", "json"] }, given),
    )
    // Where there is no command, or none of these.
    .command("$0", false, {}, (given) => run({ main: noCommand, names: ["help", "version"] }, given))
    .version(version())
    .help()
    .epilogue(EPILOGUE)
    .fail((message, error) => {
      // An error of ours, and no finding of the parser.
      if (error !== undefined && error !== null && error.name !== "YError") throw error;
      const command = COMMANDS.find((name) => name === argv[0]);
      complain(message);
      process.stderr.write(`adit ${command === undefined ? "" : `${command} `}--help shows what there is.\n`);
      process.exit(EXIT_USAGE);
    });

  await cli.parseAsync();
}
