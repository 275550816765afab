/**
 * Messages of the core protocols, and of extensions that we know, which only a server sends. One of them from a client
 * ends its connection.
 */

import { SENT_BY_SERVERS } from "../wire/all-messages.ts";
import { type MessageType, messageKey } from "../wire/message.ts";

const SERVER_ONLY: ReadonlySet<number> = new Set(SENT_BY_SERVERS.map(messageKey));

/** Whether only a server may send messages of that extension and number. */
export function isServerOnly(message: MessageType): boolean {
  return SERVER_ONLY.has(messageKey(message));
}
