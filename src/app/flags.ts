/** Values of flags as the command line gave them, checked: each refusal is one sentence with the flag's name. */

import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** What the parser makes of the command line: by the flag's name. */
export type Arguments = Readonly<Record<string, unknown>>;

/** What the parser itself puts beside the flags. */
const PARSERS_OWN = ["_", "$0"];

/**
 * Looks for flags that the command does not have, and for words that belong to none.
 * @param known the command's flags and positional words.
 * @throws {UsageError}
 */
export function checkKnown(given: Arguments, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name) || PARSERS_OWN.includes(name)) continue;
    const flag = name.length === 1 ? `-${name}` : `--${name}`;
    const hint = didYouMean(name, known, { otherwise: ": --help lists those there are", shown: (best) => `--${best}` });
    throw new UsageError("config-invalid", `there is no flag ${flag}${hint}`);
  }
  const [, extra] = Array.isArray(given._) ? given._ : [];
  if (extra === undefined) return;
  throw new UsageError(
    "config-invalid",
    `"${extra}" belongs to no flag: it has to be left out, or its flag is missing`,
  );
}

/** Undefined where the flag is not given. @throws {UsageError} where it is given twice. */
export function textFlag(given: Arguments, name: string): string | undefined {
  const value = given[name];
  if (Array.isArray(value)) throw new UsageError("config-invalid", `--${name} is given twice: once is enough`);
  return value === undefined ? undefined : String(value);
}

/** @throws {UsageError} for another word. */
export function choiceFlag<T extends string>(given: Arguments, name: string, choices: readonly T[]): T | undefined {
  const text = textFlag(given, name);
  const choice = choices.find((each) => each === text);
  if (text === undefined || choice !== undefined) return choice;
  throw wrong(name, text, choices.join(" or "));
}

/** From 1 to `most`. @throws {UsageError} for anything else. */
export function wholeFlag(given: Arguments, name: string, most: number): number | undefined {
  const text = textFlag(given, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw wrong(name, text, `a whole number from 1 to ${most}`);
}

/**
 * Above 0, up to `most`.
 * @param range.what of which it is a number, for the message: `seconds`.
 * @throws {UsageError} for anything else.
 */
export function numberFlag(
  given: Arguments,
  name: string,
  { most, what }: { readonly most: number; readonly what: string },
): number | undefined {
  const text = textFlag(given, name);
  if (text === undefined) return undefined;
  const value = /^[\d.]+(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : 0;
  if (value > 0 && value <= most) return value;
  throw wrong(name, text, `a number of ${what} above 0 and up to ${most}`);
}

/**
 * Looks at flags that take no value, as they were written: the parser would take every word but `true` for false.
 * @throws {UsageError} where one has a value that is neither true nor false.
 */
export function checkSwitches(argv: readonly string[], names: readonly string[]): void {
  for (const argument of argv) {
    const [, name = "", value] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
    if (value === undefined || value === "true" || value === "false" || !names.includes(name)) continue;
    throw wrong(name, value, "true or false, or the flag alone,");
  }
}

function wrong(name: string, value: string, needed: string): UsageError {
  return new UsageError("config-invalid", `--${name} is ${JSON.stringify(value)}, but ${needed} is needed`);
}
