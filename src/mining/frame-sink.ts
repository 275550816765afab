/** Where the frames for one connection go. */

import type { ShareTotals } from "./share-tally.ts";

/** What is known of a channel that was closed. */
export type ClosedChannel = {
  readonly channelId: number;
  readonly kind: "standard" | "extended";
  readonly userIdentity: string;
  readonly tally: ShareTotals;
};

/** A channel's target that became another one, as difficulties. */
export type TargetChange = {
  readonly channelId: number;
  readonly difficulty: number;
  readonly previousDifficulty: number;
};

/** No call throws: a connection that is gone takes nothing. */
export type FrameSink = {
  /** Takes a whole frame in the clear. Frames leave in the order of the calls. */
  send(frame: Uint8Array): void;
  /** There is work on the node's tip again: what waited for it can go on. */
  workAvailable(): void;
  /** A channel was closed by the pool, which has told the client, or ends the connection next. */
  channelClosed(channel: ClosedChannel, reasonCode: string): void;
  /** The client was sent another target for a channel. */
  targetChanged(change: TargetChange): void;
  /** Ends the connection after what was sent. */
  end(reason: "duplicates-full" | "payout-changed" | "extranonce-changed" | "internal-error", error?: unknown): void;
};
