/** Errors of what Bitcoin's own formats demand. */

import { AditError, SHUTDOWN } from "../core/errors.ts";

export type BitcoinErrorCode = "address-invalid" | "coinbase-invalid" | "malformed-transaction" | "malformed-block";

export class BitcoinError extends AditError {
  override readonly name = "BitcoinError";
  declare readonly code: BitcoinErrorCode;
  constructor(code: BitcoinErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message, { code, disposition: SHUTDOWN, details });
  }
}
