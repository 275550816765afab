/** What makes up a command of `adit`. */

import type { Arguments } from "./flags.ts";
import type { Output } from "./output.ts";
import type { SignalHandling } from "./signals.ts";

export type CommandFlag = {
  readonly name: string;
  readonly type: "string" | "boolean";
  readonly describe: string;
  readonly default?: string;
};

export type CommandContext = {
  readonly output: Output;
  /** Taken over already; a command that does not stop in order gives them back. */
  readonly signals: SignalHandling;
  /** Writes a sentence to standard error. */
  readonly complain: (message: string) => void;
};

export type Command = {
  readonly name: string;
  readonly describe: string;
  readonly flags: readonly CommandFlag[];
  /** The word that stands without a flag. */
  readonly word?: { readonly name: string; readonly describe: string };
  /** What else its help says. */
  readonly help?: string;
  /** @returns the exit code. */
  readonly main: (given: Arguments, context: CommandContext) => number | Promise<number>;
};
