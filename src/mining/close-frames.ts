/** The frames by which the pool closes channels of one connection. SV2 §5.3.9. */

import { CloseChannel } from "../wire/channel-messages.ts";
import { encodeFrame } from "../wire/frame.ts";
import type { Channel } from "./channel.ts";

/**
 * CloseChannel for those channels, which are in their groups still: one for a whole group of two or more, otherwise one
 * for each channel, as for clients of standard jobs, who know of no groups.
 */
export function closeFrames(
  closing: readonly Channel[],
  { reasonCode, byGroup }: { readonly reasonCode: string; readonly byGroup: boolean },
): Uint8Array[] {
  const ids = byGroup ? addressesOf(new Set(closing)) : closing.map(({ channelId }) => channelId);
  return ids.map((id) => encodeFrame(CloseChannel, { channel_id: id, reason_code: reasonCode }));
}

function addressesOf(closing: ReadonlySet<Channel>): number[] {
  const groups = new Set([...closing].map(({ group }) => group));
  return [...groups].flatMap(({ groupChannelId, members }) => {
    const ids = [...members].filter((member) => closing.has(member)).map(({ channelId }) => channelId);
    return ids.length > 1 && ids.length === members.size ? [groupChannelId] : ids;
  });
}
