/** Where configuration comes from: a TOML file, and the environment. The flags are the command line's part. */

import { readFileSync } from "node:fs";
import { parse } from "toml";
import { isKey, noteValue, SECTIONS, sectionHead, sectionsWith, textToValue, type Values } from "./config-values.ts";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/**
 * @param named how the file's name came to us, for the message: `--config`.
 * @throws {UsageError} where the file cannot be read, is no TOML, or holds a wrong key or value.
 */
export function readConfigFile(path: string, named: string): Values {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new UsageError(
      "config-file",
      `${named}: the configuration file "${path}" cannot be read (${code}): the path of a TOML file is needed`,
      cause,
    );
  }
  return parseConfig(source, path);
}

/** @param from the file's name, for messages. */
export function parseConfig(source: string, from: string): Values {
  const values: Values = new Map();
  for (const [name, value] of Object.entries(parseToml(source, from))) {
    if (name === "node") noteNodes(values, { value, from });
    else if (isTable(value)) noteSection(values, name, { value, from });
    else if (SECTIONS.has(name)) throw wrongFile(`${from}: ${name} has a value, but a section [${name}] is needed`);
    else if (isListOfTables(value)) throw noSection(`[[${name}]]`, name, from);
    else noteTopLevel(values, name, { value: plainNumber(value), from });
  }
  return values;
}

function parseToml(source: string, from: string): object {
  try {
    // As numbers, integers that are too large for one would be an error without a key.
    return parse(source, { bigint: true });
  } catch (cause) {
    // The parser has two shapes of errors.
    const error = cause as TomlError;
    const line = error.line ?? error.location?.start?.line;
    const where = line === undefined ? "" : ` in line ${line}`;
    throw new UsageError("config-file", `${from} is no TOML${where}: ${whatIsWrong(error)}`, cause);
  }
}

type TomlError = {
  readonly line?: number;
  readonly location?: { readonly start?: { readonly line?: number } };
  /** The character that fits nothing; null at the end of the file. */
  readonly found?: string | null;
  readonly message?: string;
};

/** The grammar's own message lists all that could stand there. */
function whatIsWrong({ found, message }: TomlError): string {
  if (found === undefined) return message ?? "it cannot be parsed";
  const what = found === null ? "the end of the file" : JSON.stringify(found);
  return `${what} is not expected there; texts need quotes, as in network = "main"`;
}

/** A large integer stays what it is, and no key allows it. */
function plainNumber(value: unknown): unknown {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Dates are objects too, with prototypes of their own. */
function isTable(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isListOfTables(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isTable);
}

type Given<T> = { readonly value: T; readonly from: string };

function noteSection(values: Values, name: string, { value, from }: Given<Record<string, unknown>>): void {
  if (!SECTIONS.has(name)) throw noSection(`[${name}]`, name, from);
  noteTable(values, name, { value, from });
}

/** @param written as it stands in the file. */
function noSection(written: string, name: string, from: string): UsageError {
  const otherwise = ": docs/configuration.md has those there are";
  const hint = didYouMean(name, [...SECTIONS, "node"], { otherwise, shown: sectionHead });
  return wrongFile(`${from}: there is no section ${written}${hint}`);
}

/** A key of a section that stands above all sections would otherwise be likened to other names. */
function noteTopLevel(values: Values, name: string, given: Given<unknown>): void {
  const sections = isKey(name) ? [] : sectionsWith(name);
  if (sections.length === 0) return noteValue(values, name, given);
  throw wrongFile(`${given.from}: ${name} stands in no section, but belongs to ${sections.join(" or ")}`);
}

function noteNodes(values: Values, { value, from }: Given<unknown>): void {
  const nodes: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const [number, node] of nodes.entries()) {
    if (!Array.isArray(value) || !isTable(node)) {
      throw wrongFile(`${from}: node is no list of sections, but a section [[node]] for each node is needed`);
    }
    noteTable(values, `node.${number}`, { value: { rpc_url: "http://127.0.0.1:8332", ...node }, from });
  }
}

function noteTable(values: Values, path: string, { value, from }: Given<Record<string, unknown>>): void {
  for (const [key, inner] of Object.entries(value)) {
    noteValue(values, `${path}.${key}`, { value: plainNumber(inner), from });
  }
}

function wrongFile(message: string): UsageError {
  return new UsageError("config-invalid", message);
}

const PREFIX = "ADIT_";

/** `ADIT_STRATUM__STRATUM_V2_LISTEN` is `stratum.stratum_v2_listen`, `ADIT_NODE__0__RPC_URL` the first node's. */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Values {
  const values: Values = new Map();
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined || name === CONFIG_VARIABLE) continue;
    const path = name.slice(PREFIX.length).toLowerCase().replaceAll("__", ".");
    noteValue(values, path, { value: textToValue(path, text), from: name });
  }
  return values;
}

/** Names the configuration file, as `--config` does. */
export const CONFIG_VARIABLE = "ADIT_CONFIG";
