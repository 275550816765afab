/** Values from the file, the environment and the flags, checked against the schema and laid over each other. */

import { type ConfigValue, KEYS, type KeySpec, NODE_KEYS } from "./config-schema.ts";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** By path; keys of nodes as `node.0.rpc_url`. */
export type Values = Map<string, ConfigValue>;

const NODE_PATH = /^node\.(\d{1,3})\.(\w+)$/;
/** Keys of nodes stand here as those of the first one. */
const BY_PATH = new Map([...KEYS, ...NODE_KEYS].map((spec) => [spec.path.replace(/^node\./, "node.0."), spec]));
/** The file's tables, but for `[[node]]`. */
export const SECTIONS: ReadonlySet<string> = new Set(
  KEYS.flatMap(({ path }) => (path.includes(".") ? [path.replace(/\..*/, "")] : [])),
);

export function isKey(path: string): boolean {
  return specOf(path) !== undefined;
}

/** The sections that have this key, as the file writes them. */
export function sectionsWith(key: string): string[] {
  return [...KEYS, ...NODE_KEYS].flatMap(({ path }) => {
    const [section = "", inner] = path.split(".");
    return inner === key ? [sectionHead(section)] : [];
  });
}

export function sectionHead(section: string): string {
  return section === "node" ? "[[node]]" : `[${section}]`;
}

/** The path with the number of its node, which does not matter, as 0. */
function firstNode(path: string): string {
  return path.replace(NODE_PATH, "node.0.$2");
}

function specOf(path: string): KeySpec | undefined {
  return BY_PATH.get(firstNode(path));
}

/** A value as an operator would write it, on one line and without a password. */
function shown(value: unknown, { secret }: KeySpec): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a section or a date";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return secret?.(text) ?? text;
}

/**
 * Checks one value and notes it.
 * @param from where it stands, as an operator would say: `config.toml` or `ADIT_NETWORK`.
 * @throws {UsageError} for an unknown key or a wrong value.
 */
export function noteValue(
  values: Values,
  path: string,
  given: { readonly value: unknown; readonly from: string },
): void {
  const { value, from } = given;
  const spec = specOf(path);
  if (spec === undefined) {
    const otherwise = ": docs/configuration.md has those there are";
    const hint = didYouMean(firstNode(path), BY_PATH.keys(), { otherwise });
    throw new UsageError("config-invalid", `${from}: there is no key ${path}${hint}`);
  }
  const isValue = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (!isValue || (value !== spec.word && !spec.allows(value))) {
    throw new UsageError("config-invalid", `${from}: ${path} is ${shown(value, spec)}, but ${spec.needed} is needed`);
  }
  values.set(path, value);
}

/** A text of the environment or of a flag as the key's own type. What does not fit stays text, and is refused later. */
export function textToValue(path: string, text: string): ConfigValue {
  const spec = specOf(path);
  if (spec === undefined || text === spec.word) return text;
  const isNumber = typeof spec.default === "number" || spec.word !== undefined;
  if (isNumber && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (typeof spec.default === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** The value of a key, or its default. */
export function configuredValue(values: Values, path: string): ConfigValue {
  const spec = specOf(path);
  if (spec === undefined) throw new Error(`the schema has no key ${path}`);
  return values.get(path) ?? spec.default;
}

/** Numbers of the nodes that have any key. */
export function nodeNumbers(values: Values): number[] {
  const numbers = new Set<number>();
  for (const path of values.keys()) {
    const number = NODE_PATH.exec(path)?.[1];
    if (number !== undefined) numbers.add(Number(number));
  }
  return [...numbers].sort((a, b) => a - b);
}
