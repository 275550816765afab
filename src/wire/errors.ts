/** Errors of frames and messages. All of them end the connection that they came on. */

import { AditError, DISCONNECT } from "../core/errors.ts";

export type WireErrorCode = "frame-too-long" | "malformed-message" | "too-many-extension-bytes";

export class WireError extends AditError {
  override readonly name = "WireError";
  declare readonly code: WireErrorCode;
  constructor(code: WireErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message, { code, disposition: DISCONNECT, details });
  }
}
