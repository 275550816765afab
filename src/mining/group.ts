/** Channels of one connection that share their jobs: one frame then serves all of them. SV2 §5.2.3. */

import type { Channel } from "./channel.ts";

export type Group = {
  readonly groupChannelId: number;
  /** The full extranonce size, which all members have in common, since their coinbases are of one length. */
  readonly extranonceBytes: number;
  readonly members: Set<Channel>;
};
