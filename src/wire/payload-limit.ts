/**
 * How long a payload may be, by its message: checked as soon as the six bytes of the header are known, before a byte of
 * it is buffered.
 */

import { SENT_BY_BOTH, SENT_BY_CLIENTS, SENT_BY_SERVERS } from "./all-messages.ts";
import { SetupConnection } from "./common-messages.ts";
import { WireError } from "./errors.ts";
import type { FrameHeader } from "./frame.ts";
import { MAX_TLV_BYTES, type MessageType, messageKey } from "./message.ts";

export type Receiver = "server" | "client";

/**
 * The most of a message that we do not know, and so only skip: messages of extensions, and what later versions add.
 * Arbitrary: more than any such message defined so far, and less than a socket's own buffers.
 */
export const MAX_UNKNOWN_PAYLOAD_BYTES = 65_536;

type Sized = MessageType & { readonly maxBytes: number };

function limits(definitions: readonly Sized[]): ReadonlyMap<number, number> {
  return new Map(definitions.map((definition) => [messageKey(definition), definition.maxBytes + MAX_TLV_BYTES]));
}

const LIMITS: Record<Receiver, ReadonlyMap<number, number>> = {
  server: limits([...SENT_BY_CLIENTS, ...SENT_BY_BOTH]),
  client: limits([...SENT_BY_SERVERS, ...SENT_BY_BOTH]),
};

/** The most bytes of payload that a frame with that header may have for `receiver`. */
export function payloadLimit(header: MessageType, receiver: Receiver): number {
  const key = messageKey(header);
  if (key === messageKey(SetupConnection)) return SetupConnection.maxBytes;
  return LIMITS[receiver].get(key) ?? MAX_UNKNOWN_PAYLOAD_BYTES;
}

/** @throws {WireError} `frame-too-long`. */
export function checkPayloadLength(header: FrameHeader, receiver: Receiver): void {
  const limit = payloadLimit(header, receiver);
  if (header.length <= limit) return;
  const { extensionType, msgType, length } = header;
  throw new WireError("frame-too-long", "a frame is longer than its message can be", {
    extensionType,
    msgType,
    length,
    limit,
  });
}
