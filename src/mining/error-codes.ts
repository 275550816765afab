/** The error codes that the mining protocol's answers carry. What each one means to a miner: docs/errors.md. */

/** Codes of SubmitShares.Error. */
export type ShareErrorCode =
  | "invalid-channel-id"
  | "invalid-user-identity"
  | "stale-share"
  | "invalid-job-id"
  | "bad-extranonce-size"
  | "invalid-timestamp"
  | "version-rolling-not-allowed"
  | "invalid-non-rollable-version-bit"
  | "duplicate-share"
  | "difficulty-too-low";

/** Codes of OpenMiningChannel.Error. */
export type OpenErrorCode =
  | "unknown-user"
  | "invalid-nominal-hashrate"
  | "max-target-out-of-range"
  | "min-extranonce-size-too-large"
  | "extended-channels-not-supported-for-standard-jobs"
  | "channel-capacity-exhausted"
  | "no-template-available";

/** Codes of UpdateChannel.Error. */
export type UpdateErrorCode = "invalid-channel-id" | "invalid-nominal-hashrate" | "max-target-out-of-range";

/** Reasons for which the pool closes a channel, in CloseChannel. */
export type CloseReason = "unknown-user" | "too-many-shares-on-one-tip";
