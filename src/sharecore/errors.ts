/**
 * Errors of share validation. All of them come from how the validator was called or from the machine it runs on; what
 * a miner sent is judged by a verdict and never raises one.
 */

import { AditError, IGNORE, SHUTDOWN } from "../core/errors.ts";

/**
 * - `job-invalid`: a field of a job has a length that the header or the coinbase cannot have.
 * - `job-limit`: all job slots are taken.
 * - `job-unknown`: the handle's job was released.
 * - `share-invalid`: a share's target or extranonce has a wrong length.
 * - `batch-invalid`: a batch of another origin, one that is under way, or a capacity out of range.
 * - `option-invalid`: an option of a validator or scanner is out of range.
 * - `validator-closed`: used after `close`.
 * - `core-unusable`: the WebAssembly module is missing, of another version, or refuses to start.
 */
export type SharecoreErrorCode =
  | "job-invalid"
  | "job-limit"
  | "job-unknown"
  | "share-invalid"
  | "batch-invalid"
  | "option-invalid"
  | "validator-closed"
  | "core-unusable";

export class SharecoreError extends AditError {
  override readonly name = "SharecoreError";
  constructor(message: string, options: SharecoreErrorOptions) {
    super(message, { ...options, disposition: options.code === "core-unusable" ? SHUTDOWN : IGNORE });
  }
}

export type SharecoreErrorOptions = {
  readonly code: SharecoreErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};
