/** Errors of the encryption layer and of the keys and URLs around it. */

import { AditError, DISCONNECT } from "../core/errors.ts";

export type NoiseErrorCode =
  | "bad-mac"
  | "handshake-failed"
  | "certificate-version"
  | "certificate-not-yet-valid"
  | "certificate-expired"
  | "certificate-signature"
  | "nonce-exhausted"
  | "key-invalid"
  | "url-invalid";

export class NoiseError extends AditError {
  override readonly name = "NoiseError";
  declare readonly code: NoiseErrorCode;
  constructor(
    code: NoiseErrorCode,
    message: string,
    options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, { code, disposition: DISCONNECT, ...options });
  }
}
