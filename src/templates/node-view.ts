/** What is seen of a node from outside, and which of several has the most work behind it. Plain values alone. */

export type ChainView = {
  readonly kind: "chain";
  readonly height: number;
  /** The best block, 64 digits as the RPC prints it. */
  readonly tip: string;
  /** Of its best chain; undefined where the node does not say it. */
  readonly work?: bigint | undefined;
};

export type FaultView = {
  readonly kind: "fault";
  /** It does not answer, answers with errors, or is of another network. */
  readonly state: "unreachable" | "failing" | "wrong-network";
  /** A sentence for an operator. */
  readonly reason: string;
  /** In docs/errors.md. */
  readonly code: string;
};

/** A node's answer to the question for its chain. */
export type NodeView = ChainView | FaultView;

/**
 * Why a node is not to be mined on. `behind`: its chain ends earlier than another node's; `other-chain`: it has left that
 * some blocks ago.
 */
export type Unusable = FaultView["state"] | "behind" | "other-chain";

/** How a node is used, for whoever shows it. */
export type NodeStatus = {
  readonly name: string;
  /** `unknown` until it has answered, or not answered in time, for the first time. */
  readonly state: "templates" | "standby" | "unknown" | Unusable;
  /** Why it is in that state, where that is no good one. */
  readonly reason?: string;
  readonly height?: number;
  readonly tip?: string;
};

/**
 * How much each chain counts. Heights count as soon as one node does not say its work: numbers of two kinds in one
 * comparison could make each of three nodes worse than the next.
 */
export function weightOf(chains: readonly ChainView[]): (chain: ChainView) => bigint {
  const byWork = chains.every(({ work }) => work !== undefined);
  return ({ work, height }) => (byWork && work !== undefined ? work : BigInt(height));
}
