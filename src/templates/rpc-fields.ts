/**
 * Reads fields out of what a node answered, each with its type and range checked: a node that lies or errs becomes a
 * TemplateError that names the field, never a crash further on.
 */

import { TemplateError } from "./errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The error for a field, or a whole answer, that cannot be used. `what` continues "the node's …". */
export function unusable(what: string): TemplateError {
  return new TemplateError("template-invalid", `the node's template cannot be used: ${what}`);
}

export function asObject(value: unknown, name: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unusable(`${name} is not an object`);
  return value as JsonObject;
}

/** The strings of an array field; empty where the field is absent. */
export function stringsOf(from: JsonObject, name: string): readonly string[] {
  const value = from[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw unusable(`${name} is not a list of strings`);
  }
  return value;
}

export function integerOf(from: JsonObject, name: string, range: { min: number; max: number }): number {
  const value = from[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < range.min || value > range.max) {
    throw unusable(`${name} is not an integer from ${range.min} to ${range.max}`);
  }
  return value;
}

/** The text of a field, of at most `maxLength` characters; undefined where the field is absent. */
export function optionalTextOf(from: JsonObject, name: string, maxLength: number): string | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value.length > maxLength) {
    throw unusable(`${name} is not a string of at most ${maxLength} characters`);
  }
  return value;
}

/** The bytes of a hexadecimal field of exactly `length` bytes, in the order of its digits. */
export function hexOf(from: JsonObject, name: string, length: number): Uint8Array {
  const text = from[name];
  const isHex = typeof text === "string" && text.length === 2 * length && /^[0-9a-fA-F]*$/.test(text);
  const bytes = isHex ? decodeHex(text) : undefined;
  if (bytes === undefined) throw unusable(`${name} is not ${2 * length} hexadecimal digits`);
  return bytes;
}

/** A hash as nodes print it, in header order: reversed. */
export function hashOf(from: JsonObject, name: string): Uint8Array {
  return hexOf(from, name, 32).reverse();
}

/**
 * The bytes of hexadecimal digits, in memory of their own, or undefined where other ASCII characters stand among them.
 * Only for what is hashed afterwards: of a character above U+00FF Node reads the low byte. Some 50 times as fast as a
 * loop over pairs, which counts with megabytes of transactions.
 */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  // Stops at the first character that is no digit.
  const written = Buffer.from(bytes.buffer).write(text, "hex");
  return written === bytes.length ? bytes : undefined;
}
