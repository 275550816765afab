/**
 * `adit-pool/sharecore`: share validation for Bitcoin mining, without any of the pool. docs/sharecore.md shows how to
 * use it.
 */

export { createValidator, type ValidatorOptions } from "./create-validator.ts";
export { SharecoreError, type SharecoreErrorCode } from "./errors.ts";
export { createNonceScanner, type NonceScanner, type NonceScannerOptions } from "./nonce-scanner.ts";
export {
  type ExtendedJob,
  type Job,
  type JobHandle,
  type ShareBatch,
  type ShareFields,
  type ShareValidator,
  type StandardJob,
  VERDICT_MEETS_NETWORK_TARGET,
  VERDICT_MEETS_SHARE_TARGET,
  VERDICT_UNKNOWN_JOB,
  type VerdictBatch,
  type VerdictHandler,
} from "./types.ts";
export { type SingleShare, type SingleVerdict, validateShare } from "./validate-share.ts";
export { hashHeader, merkleRootFromPath, sha256d } from "./wasm-hash.ts";
export type { WorkerPoolDependencies, WorkerPoolOptions } from "./worker-pool-options.ts";
