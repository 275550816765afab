/**
 * The spool's interface: found blocks are kept in it until their fate is known, so that they outlive the process. What is
 * kept is submitted again after a restart. Behind it stands a folder (`folder-spool.ts`).
 */

/** Plain values: it is sent to the thread that writes it. */
export type SpooledBlock = {
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
  readonly height: number;
  readonly userIdentity: string;
  /** The channel's key. */
  readonly channel: string;
  /** Milliseconds since the epoch. */
  readonly foundAtMs: number;
  /** Whole serialised block, coinbase with its witness. */
  readonly block: Uint8Array;
};

/** A block in the spool's hands. */
export interface KeptBlock {
  /**
   * Resolves once the block outlives the process and a power failure, and never rejects. A block for which there is no
   * room resolves at once: nothing can be waited for.
   */
  readonly durable: Promise<void>;
  /** The block is finished: resolves once nothing of it is left. Never rejects. */
  remove(): Promise<void>;
  /** The block is finished, and kept aside for the operator. Never rejects. */
  setAside(): Promise<void>;
}

/** That an earlier process kept. */
export type LeftBlock = { readonly block: SpooledBlock; readonly kept: KeptBlock };

export interface BlockSpool {
  /**
   * Reads what an earlier process left, and gives it to `take`, by height; what cannot be read now follows as soon as it
   * can. To be called once, before the first `keep`. Resolves once everything was tried. Never rejects.
   */
  read(take: (left: readonly LeftBlock[]) => void): Promise<void>;
  /** Begins to write a block; tries again until it is written or finished. Never throws. */
  keep(block: SpooledBlock): KeptBlock;
  /** Tries what is not written a last time, and ends. */
  close(): Promise<void>;
}

/**
 * Blocks that are in the spool at a time, and that are followed. A pool on the main network has at most one an hour, and
 * needs six more to finish it.
 */
export const MAX_SPOOLED_BLOCKS = 1_024;
