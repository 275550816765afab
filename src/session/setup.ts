/** Answers to SetupConnection on the mining port. SV2 §3.6.1 to §3.6.3, §5.3.1. */

import type { SetupConnection } from "../wire/common-messages.ts";

/** The one version of the protocol there is. */
export const PROTOCOL_VERSION = 2;

export const REQUIRES_STANDARD_JOBS: number = 1 << 0;
const REQUIRES_VERSION_ROLLING = 1 << 2;

/** Bits that may be set: all others, REQUIRES_WORK_SELECTION among them, are answered as unsupported. */
const SUPPORTED_FLAGS = REQUIRES_STANDARD_JOBS | REQUIRES_VERSION_ROLLING;

const MINING_PROTOCOL = 0;

export type SetupRefusal = {
  readonly errorCode: "unsupported-protocol" | "protocol-version-mismatch" | "unsupported-feature-flags";
  /** The requested bits that are not supported; 0 where the reason is another. */
  readonly flags: number;
};

/** Why a SetupConnection is refused, or undefined where it is accepted. */
export function setupRefusal(setup: SetupConnection): SetupRefusal | undefined {
  if (setup.protocol !== MINING_PROTOCOL) return { errorCode: "unsupported-protocol", flags: 0 };
  if (setup.min_version > PROTOCOL_VERSION || setup.max_version < PROTOCOL_VERSION) {
    return { errorCode: "protocol-version-mismatch", flags: 0 };
  }
  const unsupported = (setup.flags & ~SUPPORTED_FLAGS) >>> 0;
  if (unsupported !== 0) return { errorCode: "unsupported-feature-flags", flags: unsupported };
  return undefined;
}
