/** Errors of the command line: each is one sentence that names the key or file, what is there, and what would be right. */

import { AditError, SHUTDOWN } from "../core/errors.ts";

export type UsageErrorCode = "config-invalid" | "config-file" | "data-folder" | "key-file";

/** Ends the program with exit code 2. */
export class UsageError extends AditError {
  override readonly name = "UsageError";
  declare readonly code: UsageErrorCode;
  constructor(code: UsageErrorCode, message: string, cause?: unknown) {
    super(message, { code, disposition: SHUTDOWN, cause });
  }
}
