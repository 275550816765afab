/** Where configuration comes from: a TOML file, and the environment. The flags are the command line's part. */

import { readFileSync } from "node:fs";
import { parse } from "toml";
import { noteValue, textToValue, type Values } from "./config-values.ts";
import { UsageError } from "./errors.ts";

/** @throws {UsageError} where the file cannot be read, is no TOML, or holds a wrong key or value. */
export function readConfigFile(path: string): Values {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new UsageError(
      "config-file",
      `the configuration file ${path} cannot be read (${code}): check --config`,
      cause,
    );
  }
  return parseConfig(source, path);
}

/** @param from the file's name, for messages. */
export function parseConfig(source: string, from: string): Values {
  const values: Values = new Map();
  note(values, "", { value: parseToml(source, from), from });
  return values;
}

function parseToml(source: string, from: string): unknown {
  try {
    return parse(source);
  } catch (cause) {
    // The parser has two shapes of errors.
    const error = cause as { line?: number; location?: { start?: { line?: number } }; message?: string };
    const line = error.line ?? error.location?.start?.line;
    const where = line === undefined ? "" : ` in line ${line}`;
    throw new UsageError("config-file", `${from} is no TOML${where}: ${error.message ?? "it cannot be parsed"}`, cause);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function note(values: Values, path: string, given: { readonly value: unknown; readonly from: string }): void {
  const { value, from } = given;
  if (path === "node" && Array.isArray(value)) {
    for (const [number, node] of value.entries()) {
      if (isTable(node)) note(values, `node.${number}`, { value: { rpc_url: "http://127.0.0.1:8332", ...node }, from });
    }
    return;
  }
  if (!isTable(value)) return noteValue(values, path, given);
  for (const [key, inner] of Object.entries(value)) {
    note(values, path === "" ? key : `${path}.${key}`, { value: inner, from });
  }
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
