/** Messages of the core protocols that only a server sends. One of them from a client ends its connection. */

import { SENT_BY_SERVERS } from "../wire/all-messages.ts";

export const SERVER_ONLY_MESSAGES: ReadonlySet<number> = new Set(
  SENT_BY_SERVERS.filter(({ extensionType }) => extensionType === 0).map(({ msgType }) => msgType),
);
