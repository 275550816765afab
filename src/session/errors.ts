/** Errors of a session. All of them end the connection that caused them, and no other. */

import { AditError, DISCONNECT } from "../core/errors.ts";

export type SessionErrorCode = "setup-expected" | "second-setup" | "server-only-message" | "malformed-share";

export class SessionError extends AditError {
  override readonly name = "SessionError";
  constructor(code: SessionErrorCode, message: string, details: Readonly<Record<string, unknown>>) {
    super(message, { code, disposition: DISCONNECT, details });
  }
}
