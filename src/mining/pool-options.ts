/** What the state of mining is built with: an operator's settings and the limits of its maps. */

import type { PayoutOptions } from "./payout-policy.ts";

export type MiningOptions = {
  readonly payout: PayoutOptions;
  /** ASCII text in each coinbase. */
  readonly poolTag: string;
  /** 0 to 65,535; differs between processes that mine for one pool, and keeps their extranonces apart. */
  readonly instanceId: number;
  /**
   * The number that extranonces are counted from, drawn by each process out of `FIRST_ALLOCATIONS`: keeps them apart from
   * those of the process before it. 0 where there was none.
   */
  readonly firstAllocation?: number;
  /** Shares that a channel should find per minute. */
  readonly sharesPerMinute: number;
  /** No share target is easier; 0 makes each hash a share. */
  readonly minDifficulty: number;
  readonly vardiff: boolean;
  /** Channels of one connection; one more is answered with `channel-capacity-exhausted`. */
  readonly maxChannelsPerConnection: number;
  /** Channels of all connections; one more is answered with `channel-capacity-exhausted`. */
  readonly maxChannels: number;
};

/** Bytes of extranonce that the pool sets for an extended channel, and that it gives the client to roll by default. */
export const EXTRANONCE_PREFIX_BYTES = 8;
export const DEFAULT_ROLLABLE_BYTES = 8;
/** The most that a client may ask to roll; with the prefix it leaves room for the rest of a 100-byte scriptSig. */
export const MAX_ROLLABLE_BYTES = 16;
