/** What ends a client's conversation with a pool. */

import { AditError, DISCONNECT } from "../core/errors.ts";

export type ClientErrorCode =
  | "setup-refused"
  | "open-refused"
  | "extended-channels-required"
  | "unexpected-message"
  | "connect-failed"
  | "connection-lost"
  | "pool-silent"
  | "thread-ended";

export class ClientError extends AditError {
  override readonly name = "ClientError";
  declare readonly code: ClientErrorCode;
  constructor(
    message: string,
    options: { readonly code: ClientErrorCode; readonly details?: Record<string, unknown>; readonly cause?: unknown },
  ) {
    super(message, { disposition: DISCONNECT, ...options });
  }
}
