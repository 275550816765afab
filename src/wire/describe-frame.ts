/**
 * A frame as plain values that people can read, for traces: the message's name and fields as the specification has
 * them. What cannot be decoded is shown as its bytes. Nothing here throws, whatever a frame holds.
 */

import { reversed, toHex } from "../core/bytes.ts";
import { type AnyMessageDefinition, definitionOf } from "./all-messages.ts";
import type { FrameHeader } from "./frame.ts";
import { decodeMessage } from "./message.ts";

/** More bytes of a field are left out: coinbases of pools have some hundred. */
export const MAX_SHOWN_BYTES = 1_024;

/** More elements of a sequence are left out: a merkle path has some twelve. */
export const MAX_SHOWN_ELEMENTS = 32;

/** Where bytes are a U256, the field's name ends so: its digits then are those of an explorer, from the other end. */
const DISPLAY_ORDER = "_display";

/** Plain values; JSON can hold them. */
export type FrameDescription = {
  /** The specification's name; `unknown` for a message that is not known. */
  readonly message: string;
  readonly extensionType: number;
  readonly msgType: number;
  readonly channelMsg: boolean;
  /** Of the payload. */
  readonly bytes: number;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What follows the fields, in hexadecimal. */
  readonly tlvs?: unknown;
  /** Why there are no fields. */
  readonly error?: string;
  /** The whole payload, where there are no fields. */
  readonly hex?: unknown;
};

export function describeFrame(header: FrameHeader, payload: Uint8Array): FrameDescription {
  const definition = definitionOf(header);
  const { extensionType, msgType, channelMsg } = header;
  const frame = { message: definition?.name ?? "unknown", extensionType, msgType, channelMsg, bytes: payload.length };
  if (definition === undefined) return { ...frame, hex: shownBytes(payload) };
  try {
    const { message, tlvs } = decodeMessage(definition, payload);
    const fields = shownFields(definition, message);
    return tlvs.length === 0 ? { ...frame, fields } : { ...frame, fields, tlvs: shownBytes(tlvs) };
  } catch (error) {
    return { ...frame, error: error instanceof Error ? error.message : String(error), hex: shownBytes(payload) };
  }
}

function shownFields(definition: AnyMessageDefinition, message: Readonly<Record<string, unknown>>) {
  const shown: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(definition.fields)) {
    const isInteger = type.isInteger === true;
    shown[isInteger ? `${name}${DISPLAY_ORDER}` : name] = shownValue(message[name], isInteger);
  }
  return shown;
}

function shownValue(value: unknown, isInteger: boolean): unknown {
  if (value instanceof Uint8Array) return shownBytes(isInteger ? reversed(value) : value);
  if (typeof value === "bigint") return value.toString();
  // JSON has no such numbers.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value === undefined) return null;
  if (!Array.isArray(value)) return value;
  const shown = value.slice(0, MAX_SHOWN_ELEMENTS).map((element) => shownValue(element, isInteger));
  return value.length > MAX_SHOWN_ELEMENTS ? { first: shown, elements: value.length } : shown;
}

/** Hexadecimal; of many bytes the first ones, and how many there are. */
function shownBytes(bytes: Uint8Array): unknown {
  if (bytes.length <= MAX_SHOWN_BYTES) return toHex(bytes);
  return { first: toHex(bytes.subarray(0, MAX_SHOWN_BYTES)), bytes: bytes.length };
}
