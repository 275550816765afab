/** Why nodes with less work than was shown are not mined on, in words for an operator. */

import type { TemplateErrorCode } from "./errors.ts";
import type { ChainView, NodeStatus, Unusable } from "./node-view.ts";
import { REMEMBERED_MS } from "./shown-work.ts";

/** `code` is in docs/errors.md. */
export type Fault = { readonly state: Unusable; readonly reason: string; readonly code?: string };

/** The chain with the most work, of the node `name`, which may be gone or have less by now. */
export type Most = { readonly name: string; readonly chain: ChainView; readonly isShownNow: boolean };

/** Of a node that has less work than the most. */
export function lessWork(own: { name: string; chain: ChainView; onOtherChain: boolean }, most: Most): Fault {
  const { name, chain, onOtherChain } = own;
  const places = `block ${chain.height}, and ${most.chain.height} there`;
  const shown = most.name === name ? "what it showed itself before" : `what ${most.name} showed before`;
  const other = most.isShownNow ? most.name : shown;
  return onOtherChain
    ? { state: "other-chain", reason: `${name} is on another chain than ${other}, which has more work (${places})` }
    : { state: "behind", reason: `${name} is behind ${other} (${places})` };
}

/** Of all nodes, where none has the most work any more. It stays the same while one of them catches up. */
export function allBehind(
  nodes: readonly NodeStatus[],
  most: Most,
): { readonly reason: string; readonly code: TemplateErrorCode } {
  const states = nodes.map(({ name, state }) => `${name} (${state})`).join(", ");
  const chain = `the chain that ${most.name} showed before, up to block ${most.chain.height}`;
  const minutes = REMEMBERED_MS / 60_000;
  const remedy = `bring back one that has it, or wait until one has caught up; ${minutes} minutes after it was last seen, and in a pool that is started anew, less work will do`;
  return { reason: `no node has as much work as ${chain}: ${states}. To do: ${remedy}`, code: "nodes-behind" };
}
