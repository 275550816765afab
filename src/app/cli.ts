#!/usr/bin/env node
/** The `adit` command: reads the command line and starts what was asked for. Exit codes: docs/errors.md. */

import { readFileSync } from "node:fs";
import yargs from "yargs";
import { runMiner } from "../client/miner.ts";
import { systemClock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import { encodeAuthorityKey } from "../noise/authority-key.ts";
import { type Config, type ConfigInput, loadConfig } from "./config.ts";
import { UsageError } from "./errors.ts";
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import { loadOrCreateKeys } from "./key-store.ts";
import { createLogger } from "./logging.ts";
import { runPool } from "./pool.ts";
import { POOL_FLAGS } from "./pool-flags.ts";
import { handleSignals } from "./signals.ts";

type Arguments = Readonly<Record<string, unknown>>;

const EPILOGUE = "Exit codes: 0 done or stopped in order, 1 failed while running, 2 wrong usage or configuration.";

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}

/** yargs takes `-stratum-v2` for single letters. */
function withLongFlags(argv: readonly string[]): string[] {
  return argv.map((argument) => (/^-[a-z]{2,}/.test(argument) ? `-${argument}` : argument));
}

function configOf(given: Arguments): Config {
  const flags: ConfigInput["flags"][number][] = [];
  for (const { name, path } of POOL_FLAGS) {
    const value = given[name];
    if (Array.isArray(value)) throw new UsageError("config-invalid", `--${name} is given twice: once is enough`);
    if (typeof value === "string" || typeof value === "boolean") flags.push({ path, value, flag: `--${name}` });
  }
  const { config } = given;
  const configFile = typeof config === "string" ? config : undefined;
  return loadConfig({ flags, configFile, environment: process.env });
}

async function pool(given: Arguments): Promise<number> {
  const config = configOf(given);
  const logger = createLogger(config.log);
  const signals = handleSignals(() => logger.error("the orderly stop took too long"), { clock: systemClock, process });
  try {
    return await runPool(config, { logger, print, stopSignal: signals.stopSignal });
  } finally {
    signals.release();
  }
}

function keys(given: Arguments): number {
  const { authorityPublicKey, authorityKeyFile, staticKeyFile } = loadOrCreateKeys(configOf(given).dataDir);
  const authorityKey = encodeAuthorityKey(authorityPublicKey);
  if (given.json === true) {
    print(
      JSON.stringify({
        authority_public_key: authorityKey,
        authority_key_file: authorityKeyFile,
        static_key_file: staticKeyFile,
      }),
    );
  } else {
    print(`Authority public key (the last part of the miners' URL): ${authorityKey}`);
    print(`Authority secret key: ${authorityKeyFile}`);
    print(`Static secret key:    ${staticKeyFile}`);
  }
  return EXIT_OK;
}

async function miner(given: Arguments): Promise<number> {
  const logger = createLogger({ level: "info", format: given.json === true ? "json" : "pretty" });
  const signals = handleSignals(() => undefined, { clock: systemClock, process });
  const isTerminal = process.stdout.isTTY === true && given.json !== true;
  try {
    return await runMiner(
      {
        url: String(given.url),
        user: String(given.user),
        channel: given.channel === "standard" ? "standard" : "extended",
        threads: positive(given, "threads") ?? 1,
        shares: positive(given, "shares"),
        plaintext: given.plaintext === true,
        json: given.json === true,
        hashrate: positive(given, "hashrate"),
      },
      {
        logger,
        print,
        isTerminal,
        progress: (line) => process.stdout.write(`\r\u001b[K${line}`),
        stopSignal: signals.stopSignal,
      },
    );
  } finally {
    signals.release();
  }
}

function positive(given: Arguments, name: string): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  const whole = name !== "hashrate";
  if (typeof value === "number" && value > 0 && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    "config-invalid",
    `--${name} is ${String(value)}, but a ${whole ? "whole " : ""}number above 0 is needed`,
  );
}

/** Runs one command; what it throws becomes one line and an exit code. */
async function run(command: (given: Arguments) => number | Promise<number>, given: Arguments): Promise<void> {
  try {
    process.exitCode = await command(given);
  } catch (error) {
    if (!(error instanceof AditError)) throw error;
    process.stderr.write(`adit: ${error.message}\n`);
    process.exitCode = error instanceof UsageError || isWrongAddress(error) ? EXIT_USAGE : EXIT_FAILURE;
  }
  // A stop that was asked for does not wait for what is still open.
  process.exit();
}

function isWrongAddress(error: AditError): boolean {
  return ["url-invalid", "key-invalid", "node-options-invalid", "signet-unsupported"].includes(error.code);
}

const cli = yargs(withLongFlags(process.argv.slice(2)))
  .scriptName("adit")
  .usage("$0 COMMAND\n\nA Bitcoin mining pool for Stratum V2.")
  .parserConfiguration({ "camel-case-expansion": false, "boolean-negation": false, "dot-notation": false })
  .command(
    "pool",
    "Run the pool",
    (command) => {
      for (const { name, type, describe } of POOL_FLAGS) command.option(name, { type, describe });
      return command.option("config", {
        type: "string",
        describe: "TOML file; else config/config.toml in the data folder",
      });
    },
    (given) => run(pool, given),
  )
  .command(
    "miner <url>",
    "Mine on a pool with this machine's CPU",
    (command) =>
      command
        .positional("url", { type: "string", describe: "stratum2+tcp://HOST:PORT/KEY, as the pool prints it" })
        .option("user", {
          type: "string",
          default: "adit-miner",
          describe: "User identity: NAME.worker or ADDRESS.worker",
        })
        .option("channel", {
          choices: ["standard", "extended"] as const,
          default: "extended" as const,
          describe: "Kind of channel",
        })
        .option("threads", { type: "number", default: 1, describe: "Mining threads" })
        .option("shares", { type: "number", describe: "Stop after so many accepted shares" })
        .option("hashrate", { type: "number", describe: "Hashes per second to announce; measured if not given" })
        .option("plaintext", { type: "boolean", default: false, describe: "Connect without encryption" })
        .option("json", { type: "boolean", default: false, describe: "One JSON object per line" }),
    (given) => run(miner, given),
  )
  .command(
    "keys",
    "Make the pool's keys if there are none, and show the public one",
    (command) =>
      command
        .option("data-dir", { type: "string", describe: "Folder of keys and records" })
        .option("config", { type: "string", describe: "TOML file" })
        .option("json", { type: "boolean", default: false, describe: "As JSON" }),
    (given) => run(keys, given),
  )
  .demandCommand(1, "Name a command: pool, miner or keys.")
  .strict()
  .recommendCommands()
  .version(version())
  .help()
  .epilogue(EPILOGUE)
  .fail((message, error) => {
    if (error !== undefined && error !== null) throw error;
    process.stderr.write(`adit: ${message}\nadit --help shows what there is.\n`);
    process.exit(EXIT_USAGE);
  });

await cli.parseAsync();
