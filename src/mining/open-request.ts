/** What a client asks for when it opens a channel, and what is wrong with it. SV2 §5.3.2, §5.3.4. */

import { targetFromBytes } from "../bitcoin/target.ts";
import type { ChannelKind } from "./channel.ts";
import type { OpenErrorCode, UpdateErrorCode } from "./error-codes.ts";
import { MAX_ROLLABLE_BYTES } from "./pool-options.ts";

export type OpenRequest = {
  readonly kind: ChannelKind;
  readonly requestId: number;
  readonly userIdentity: string;
  /** Hashes per second, as sent: any 32-bit float. */
  readonly nominalHashrate: number;
  /** 32 bytes, little-endian. */
  readonly maxTarget: Uint8Array;
  /** Extended channels: bytes that the client has to be able to roll. */
  readonly minExtranonceSize: number;
};

/** The first thing wrong with a hashrate and a maximum target, or undefined. */
export function checkHashrateAndTarget(
  nominalHashrate: number,
  maxTarget: Uint8Array,
): Extract<OpenErrorCode & UpdateErrorCode, string> | undefined {
  if (!Number.isFinite(nominalHashrate) || nominalHashrate < 0) return "invalid-nominal-hashrate";
  if (targetFromBytes(maxTarget) === 0n) return "max-target-out-of-range";
  return undefined;
}

/** The first thing wrong with a request to open a channel, or undefined. */
export function checkOpenRequest(
  request: OpenRequest,
  connection: { readonly requiresStandardJobs: boolean },
): OpenErrorCode | undefined {
  if (request.kind === "extended" && connection.requiresStandardJobs) {
    return "extended-channels-not-supported-for-standard-jobs";
  }
  const wrong = checkHashrateAndTarget(request.nominalHashrate, request.maxTarget);
  if (wrong !== undefined) return wrong;
  if (request.kind === "extended" && request.minExtranonceSize > MAX_ROLLABLE_BYTES) {
    return "min-extranonce-size-too-large";
  }
  return undefined;
}
