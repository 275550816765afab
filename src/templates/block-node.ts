/** What a pool needs of a node for the blocks that its miners find, whichever node it is. */

/**
 * What a node said of a block:
 * - `accepted`: it is the node's tip, or was known already (`duplicate`).
 * - `inconclusive`: stored, not on the best chain.
 * - `refused`: never to be accepted; `reason` is the node's own word.
 * - `failed`: nobody knows (transport, warming up, HTTP 5xx); to be tried again.
 */
export type SubmitResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "inconclusive" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Where a block stands for a node:
 * - `on-chain`: on its best chain; `confirmations` is 1 for the tip.
 * - `off-chain`: the node has it, beside its best chain, whose last block has `tipHeight`.
 * - `unknown`: the node does not have it.
 * - `failed`: the node did not say.
 */
export type BlockStanding =
  | { readonly kind: "on-chain"; readonly confirmations: number }
  | { readonly kind: "off-chain" | "unknown"; readonly tipHeight: number }
  | { readonly kind: "failed"; readonly reason: string };

export interface BlockNode {
  /** Names it in logs and records; holds no password. */
  readonly name: string;
  /** Submits a whole serialised block once. Never throws: what went wrong is in the result. */
  submitBlock(block: Uint8Array): Promise<SubmitResult>;
  /**
   * Asks the node to prefer this block to others of its height that came before it (`preciousblock`). False where it did
   * not answer, or knows no such request. Never throws.
   * @param hash 32 bytes, header order.
   */
  preferBlock(hash: Uint8Array): Promise<boolean>;
  /**
   * Asks where a block stands. Never throws.
   * @param hash 32 bytes, header order.
   */
  blockStanding(hash: Uint8Array): Promise<BlockStanding>;
  /** Ends all requests; those that submit blocks may take some seconds more. */
  stop(): Promise<void>;
}
