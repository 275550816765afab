/** Reads the command line of `adit` and starts what was asked for. Exit codes: docs/errors.md. */

import yargs, { type Argv } from "yargs";
import { AditError } from "../core/errors.ts";
import type { Command } from "./command.ts";
import { COMMANDS, version } from "./commands.ts";
import { UsageError } from "./errors.ts";
import { EXIT_FAILURE, EXIT_USAGE } from "./exit-codes.ts";
import { type Arguments, checkKnown, checkSwitches } from "./flags.ts";
import { didYouMean } from "./nearest.ts";
import { Output } from "./output.ts";
import type { SignalHandling } from "./signals.ts";

const EPILOGUE = "Exit codes: 0 done or stopped in order, 1 failed while running, 2 wrong usage or configuration.";

const NAMES = namesOf(COMMANDS);

/** Flags that take no value. */
const SWITCHES = namesOf(COMMANDS.flatMap(({ flags }) => flags).filter(({ type }) => type === "boolean"));

function namesOf(named: readonly { readonly name: string }[]): string[] {
  return named.map(({ name }) => name);
}

/** yargs takes `-stratum-v2` for single letters. */
function withLongFlags(argv: readonly string[]): string[] {
  return argv.map((argument) => (/^-[a-z]{2,}/.test(argument) ? `-${argument}` : argument));
}

/** Of the words and flags behind a command that there is not, nothing is known. */
function noCommand(given: Arguments): never {
  const [word] = Array.isArray(given._) ? given._ : [];
  if (word === undefined) checkKnown(given, ["help", "version"]);
  const found =
    word === undefined
      ? "a command is missing:"
      : `there is no command ${word}${didYouMean(String(word), NAMES, { otherwise: ":" })}`;
  const all = NAMES.map((name) => `adit ${name}`);
  const needed = `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
  throw new UsageError("config-invalid", `${found} ${needed} is needed`);
}

function complain(message: string): void {
  process.stderr.write(`adit: ${message}\n`);
}

/** What the parser found, and the words that it was given. */
type Parsed = { readonly given: Arguments; readonly argv: readonly string[] };

/**
 * Runs one command; what it throws becomes one line and an exit code.
 * @param known its flags, and the words that stand without one; without it, `main` looks for others itself.
 */
async function runCommand(
  main: (output: Output) => number | Promise<number>,
  { given, argv, known }: Parsed & { readonly known?: readonly string[] },
): Promise<void> {
  const output = new Output(process.stdout);
  try {
    if (known !== undefined) {
      checkKnown(given, known);
      checkSwitches(argv, SWITCHES);
    }
    process.exitCode = await main(output);
  } catch (error) {
    if (!(error instanceof AditError)) throw error;
    complain(error.message);
    process.exitCode = error instanceof UsageError || isWrongAddress(error) ? EXIT_USAGE : EXIT_FAILURE;
  }
  await output.written();
  // A stop that was asked for does not wait for what is still open.
  process.exit();
}

/** An address that nothing will ever make right; one that is taken may be free later. */
function isWrongAddress({ code, details }: AditError): boolean {
  if (code === "listen-failed") return details.errno === "EADDRNOTAVAIL";
  return ["url-invalid", "key-invalid", "node-options-invalid", "signet-unsupported"].includes(code);
}

/** A text needs its value. */
function addFlags(parser: Argv, { flags, word, help }: Command): Argv {
  for (const { name, type, describe, ...other } of flags) {
    parser.option(name, { type, describe, default: other.default, requiresArg: type === "string" });
  }
  if (word !== undefined) parser.positional(word.name, { type: "string", describe: word.describe });
  return parser.epilogue(help === undefined ? EPILOGUE : `${help}\n${EPILOGUE}`);
}

/**
 * Runs the command that the words name, and ends the process with its exit code.
 * @param signals taken over before; the commands that do not stop in order give them back.
 */
export async function runCommandLine(words: readonly string[], signals: SignalHandling): Promise<void> {
  const argv = withLongFlags(words);
  const cli = yargs(argv)
    .scriptName("adit")
    .usage("$0 COMMAND\n\nA Bitcoin mining pool for Stratum V2.")
    .parserConfiguration({ "camel-case-expansion": false, "boolean-negation": false, "dot-notation": false });
  for (const command of COMMANDS) {
    const { name, word, flags, describe, main } = command;
    const known = namesOf(word === undefined ? flags : [...flags, word]);
    cli.command(
      word === undefined ? name : `${name} [${word.name}]`,
      describe,
      (parser) => addFlags(parser, command),
      (given) => runCommand((output) => main(given, { output, signals, complain }), { given, argv, known }),
    );
  }
  // Where there is no command, or none of these.
  cli.command("$0", false, {}, (given) => runCommand(() => noCommand(given), { given, argv }));
  cli
    .version(version())
    .help()
    .epilogue(EPILOGUE)
    .fail((message, error) => {
      // An error of ours, and no finding of the parser.
      if (error !== undefined && error !== null && error.name !== "YError") throw error;
      const command = NAMES.find((name) => name === argv[0]);
      complain(message);
      process.stderr.write(`adit ${command === undefined ? "" : `${command} `}--help shows what there is.\n`);
      process.exit(EXIT_USAGE);
    });

  await cli.parseAsync();
}
