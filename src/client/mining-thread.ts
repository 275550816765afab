/** What goes between the miner and its mining threads. */

/** To a thread: what to search from now on. Without a header: nothing. */
export type ThreadOrder =
  | { readonly unit: number; readonly header: Uint8Array; readonly target: Uint8Array }
  | { readonly unit: number; readonly header: undefined };

/** From a thread, after each piece. */
export type ThreadMessage = {
  /** The order that it belongs to. */
  readonly unit: number;
  readonly nonce: number | undefined;
  /** Hashes that were tried. */
  readonly searched: number;
  /** Nothing is left to search of this unit. */
  readonly exhausted: boolean;
};
