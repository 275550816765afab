/**
 * The verdicts that need no hash, in the order that the pool promises: is the job known, is it of this tip, are the
 * sizes, the time and the version right. What the hash decides (target, duplicate) comes after validation.
 */

import { VERSION_ROLLING_MASK } from "../bitcoin/version-rolling.ts";
import type { ShareSubmission } from "../wire/share-fields.ts";
import type { Channel } from "./channel.ts";
import type { ChannelJob } from "./channel-job.ts";
import type { ShareErrorCode } from "./error-codes.ts";

/** How far a share's time may lie ahead of the pool's clock: consensus' own limit for a block. */
export const MAX_FUTURE_SECONDS = 7_200;

/**
 * The first thing wrong with a share, or undefined where only its hash can tell.
 * @param job the job that the share names, as the channel knows it.
 */
export function checkShare(
  channel: Channel,
  job: ChannelJob,
  share: { readonly submission: ShareSubmission; readonly tipEpoch: number; readonly nowMs: number },
): ShareErrorCode | undefined {
  const { submission } = share;
  const { jobTemplate } = job;
  if (jobTemplate.tipEpoch !== share.tipEpoch) return "stale-share";
  if (submission.extranonce.length !== channel.rollableBytes) return "bad-extranonce-size";
  const latest = share.nowMs / 1000 + MAX_FUTURE_SECONDS;
  if (submission.ntime < jobTemplate.minNtime || submission.ntime > latest) return "invalid-timestamp";
  const rolledBits = submission.version ^ jobTemplate.version;
  if (rolledBits === 0) return undefined;
  if (!jobTemplate.versionRollingAllowed) return "version-rolling-not-allowed";
  if ((rolledBits & ~VERSION_ROLLING_MASK) !== 0) return "invalid-non-rollable-version-bit";
  return undefined;
}
