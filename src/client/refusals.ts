/** A pool's refusals as errors that say what to do about them. SV2 §5.3.1, §5.3.5. */

import { printableText } from "../core/printable-text.ts";
import { ClientError } from "./errors.ts";

/** By the pool's code. Those that are absent are for the pool's operator to explain. */
const ADVICE = new Map([
  ["unsupported-feature-flags", "try the other kind of --channel"],
  ["protocol-version-mismatch", "the pool is too old or too new for this miner, so update the older of the two"],
  ["unknown-user", "give --user as the pool wants it, which may be an address of its network"],
  ["invalid-nominal-hashrate", "give another --hashrate"],
  ["no-template-available", "the pool has no work at the moment, so try again shortly"],
  ["channel-capacity-exhausted", "the pool is full, so try again later"],
]);

export function setupRefused(errorCode: string): ClientError {
  return refused("connection", { code: "setup-refused", errorCode });
}

export function openRefused(errorCode: string): ClientError {
  return refused("channel", { code: "open-refused", errorCode });
}

/** The pool's answer to SetupConnection has REQUIRES_EXTENDED_CHANNELS, and a standard channel is wanted. */
export function standardChannelsRefused(): ClientError {
  return new ClientError("the pool opens no standard channels: use --channel extended", {
    code: "extended-channels-required",
  });
}

function refused(
  what: string,
  { code, errorCode }: { readonly code: "setup-refused" | "open-refused"; readonly errorCode: string },
): ClientError {
  const advice = ADVICE.get(errorCode) ?? "ask the pool's operator what it means";
  return new ClientError(`the pool refuses the ${what} with ${printableText(errorCode)}: ${advice}`, {
    code,
    details: { errorCode },
  });
}
