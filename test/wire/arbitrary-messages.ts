/**
 * Every message that src/wire defines, and any message of a definition: made of the datatypes of its fields, so that a new
 * message is tested without being named here.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as types from "../../src/wire/datatypes.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";

// biome-ignore lint/suspicious/noExplicitAny: one list for messages of all types
export type AnyDefinition = MessageDefinition<any>;

const FOLDER = join(import.meta.dirname, "../../src/wire");

function isDefinition(value: unknown): value is AnyDefinition {
  return typeof value === "object" && value !== null && "msgType" in value && "fields" in value;
}

/** Each definition with the name of its file. */
export const DEFINED: readonly { readonly file: string; readonly definition: AnyDefinition }[] = (
  await Promise.all(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith("-messages.ts"))
      .map(async (file) => {
        const exported: Record<string, unknown> = await import(join(FOLDER, file));
        return Object.values(exported)
          .filter(isDefinition)
          .map((definition) => ({ file, definition }));
      }),
  )
).flat();

export const DEFINITIONS: readonly AnyDefinition[] = DEFINED.map(({ definition }) => definition);

const encoder = new TextEncoder();

function bytes(minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> {
  const long = { maxLength, minLength: Math.max(minLength, maxLength - 1) };
  const short = { minLength, maxLength: Math.min(maxLength, 300) };
  // Both ends of what the type can hold are among the cases, though few.
  return maxLength <= 300
    ? fc.uint8Array({ minLength, maxLength })
    : fc.oneof(
        { weight: 30, arbitrary: fc.uint8Array(short) },
        { weight: 1, arbitrary: fc.noShrink(fc.constant(new Uint8Array(long.maxLength).fill(0xa5))) },
      );
}

/** Up to 255 bytes; a byte order mark in front is a character as any other. */
const text = fc
  .tuple(
    fc.constantFrom("", "\ufeff"),
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ unit: "binary-ascii", minLength: 252, maxLength: 255 }),
    ),
  )
  .map((parts) => parts.join(""))
  .filter((value) => encoder.encode(value).length <= 255);

const LEAVES = new Map<types.Datatype<unknown>, fc.Arbitrary<unknown>>([
  [types.bool, fc.boolean()],
  [types.u8, fc.integer({ min: 0, max: 0xff })],
  [types.u16, fc.integer({ min: 0, max: 0xffff })],
  [types.u24, fc.integer({ min: 0, max: 0xffffff })],
  [types.u32, fc.integer({ min: 0, max: 0xffffffff })],
  [types.u64, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })],
  // NaN, both zeros and both infinities among them.
  [types.f32, fc.float()],
  [types.u256, bytes(32)],
  [types.mac, bytes(16)],
  [types.pubkey, bytes(32)],
  [types.signature, bytes(64)],
  [types.b0_32, bytes(0, 32)],
  [types.b0_255, bytes(0, 255)],
  [types.b0_64k, bytes(0, 0xffff)],
  [types.b0_16m, bytes(0, 0x1ffff)],
  [types.str0_255, text],
]);

function valuesOf(type: types.Datatype<unknown>, field: string): fc.Arbitrary<unknown> {
  const leaf = LEAVES.get(type);
  if (leaf !== undefined) return leaf;
  if (type.holds === undefined) throw new Error(`no values are known for the datatype of ${field}`);
  const { kind, element, most } = type.holds;
  const one = valuesOf(element, field);
  if (kind === "option") return fc.option(one, { nil: undefined });
  const full = fc.noShrink(one.map((value) => new Array(most).fill(value)));
  return fc.oneof(
    { weight: 30, arbitrary: fc.array(one, { maxLength: Math.min(most, 20) }) },
    { weight: 1, arbitrary: full },
  );
}

/** Any message of that definition. */
export function messagesOf({ fields }: AnyDefinition): fc.Arbitrary<Record<string, unknown>> {
  const values = Object.entries(fields).map(([field, type]) => [field, valuesOf(type, field)] as const);
  return fc.record(Object.fromEntries(values));
}
