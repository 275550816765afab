/** What a client is told of the channel that it opened. SV2 §5.3.3, §5.3.5. */

import { OpenExtendedMiningChannelSuccess, OpenStandardMiningChannelSuccess } from "../wire/channel-messages.ts";
import { encodeFrame } from "../wire/frame.ts";
import type { Channel } from "./channel.ts";

/** Open….Success of the channel's kind, as a whole frame. */
export function openSuccessFrame(channel: Channel, requestId: number): Uint8Array {
  const common = {
    request_id: requestId,
    channel_id: channel.channelId,
    target: channel.target.bytes,
    extranonce_prefix: channel.extranoncePrefix,
    group_channel_id: channel.groupChannelId,
  };
  return channel.kind === "standard"
    ? encodeFrame(OpenStandardMiningChannelSuccess, common)
    : encodeFrame(OpenExtendedMiningChannelSuccess, { ...common, extranonce_size: channel.rollableBytes });
}
