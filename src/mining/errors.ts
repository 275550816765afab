/** Errors of the state of mining. */

import { AditError, IGNORE } from "../core/errors.ts";

export type MiningErrorCode = "job-too-large";

/** What was to be made is left out; no connection ends for it. */
export class MiningError extends AditError {
  override readonly name = "MiningError";
  declare readonly code: MiningErrorCode;
  constructor(code: MiningErrorCode, message: string, details: Readonly<Record<string, unknown>>) {
    super(message, { code, disposition: IGNORE, details });
  }
}
