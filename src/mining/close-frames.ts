/** The frames by which the pool closes channels. SV2 §5.3.9. */

import { CloseChannel } from "../wire/channel-messages.ts";
import { encodeFrame } from "../wire/frame.ts";
import type { Channel } from "./channel.ts";

/** One CloseChannel for each of those channels. */
export function closeFrames(closing: Iterable<Channel>, reasonCode: string): Uint8Array[] {
  return Array.from(closing, ({ channelId }) =>
    encodeFrame(CloseChannel, { channel_id: channelId, reason_code: reasonCode }),
  );
}
