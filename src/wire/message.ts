/**
 * How a message is put together from its fields. The definition is the one place that knows a message's number, its
 * channel_msg bit (SV2 §8), its fields in order and so its shortest and longest payload.
 */

import { ByteReader } from "../core/byte-reader.ts";
import type { ByteWriter } from "../core/byte-writer.ts";
import type { Datatype } from "./datatypes.ts";
import { WireError } from "./errors.ts";

// biome-ignore lint/suspicious/noExplicitAny: the field types of a message differ, and are inferred where it is defined
export type Fields = Readonly<Record<string, Datatype<any>>>;

type ValueOf<D> = D extends Datatype<infer T> ? T : never;
export type MessageOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** What tells messages apart. */
export type MessageType = { readonly extensionType: number; readonly msgType: number };

/** One number for an extension and a message's number in it. */
export function messageKey({ extensionType, msgType }: MessageType): number {
  return extensionType * 256 + msgType;
}

export type MessageDefinition<T> = {
  /** The specification's own name, e.g. `OpenMiningChannel.Error`. */
  readonly name: string;
  readonly extensionType: number;
  readonly msgType: number;
  readonly channelMsg: boolean;
  /** Of the payload without TLVs. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** In their order. */
  readonly fields: Fields;
  read(reader: ByteReader): T;
  write(writer: ByteWriter, message: T): void;
};

/** The most that all TLVs behind a message's fields may take. */
export const MAX_TLV_BYTES = 255;

/** A message of those fields, in their order; of the core protocols (extension_type 0) if not told otherwise. */
export function defineMessage<F extends Fields>(options: {
  readonly name: string;
  readonly extensionType?: number;
  readonly msgType: number;
  readonly channelMsg: boolean;
  readonly fields: F;
}): MessageDefinition<MessageOf<F>> {
  const { name, extensionType = 0, msgType, channelMsg } = options;
  const fields = Object.entries(options.fields);
  let minBytes = 0;
  let maxBytes = 0;
  for (const [, type] of fields) {
    minBytes += type.minBytes;
    maxBytes += type.maxBytes;
  }
  return {
    name,
    extensionType,
    msgType,
    channelMsg,
    minBytes,
    maxBytes,
    fields: options.fields,
    read(reader) {
      const message: Record<string, unknown> = {};
      for (const [field, type] of fields) message[field] = type.read(reader);
      return message as MessageOf<F>;
    },
    write(writer, message) {
      for (const [field, type] of fields) type.write(writer, message[field]);
    },
  };
}

/**
 * Reads a payload. What follows the fields are TLVs (SV2 §3.4.3), at most 255 bytes.
 * @throws {OutOfBytesError} where a field reaches past the payload; {WireError}.
 */
export function decodeMessage<T>(
  definition: MessageDefinition<T>,
  payload: Uint8Array,
): { readonly message: T; readonly tlvs: Uint8Array } {
  const reader = new ByteReader(payload);
  const message = definition.read(reader);
  if (reader.left > MAX_TLV_BYTES) {
    throw new WireError("too-many-extension-bytes", "too much follows a message's fields", {
      message: definition.name,
      bytes: reader.left,
    });
  }
  return { message, tlvs: reader.take(reader.left) };
}
