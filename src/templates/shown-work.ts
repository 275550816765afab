/**
 * Which chain has the most work of all that the nodes of a pool show, and have shown a while ago: a node that is gone is
 * no reason to mine on less than it had. In memory alone: a pool that is started anew knows what nodes show it then.
 */

import { type ChainView, weightOf } from "./node-view.ts";

/**
 * How long a chain counts that no node shows any more. In one hour of four hundred the main network finds no block, so
 * that a node which is well has caught up by then. What a node showed that lied, or gave its blocks up, costs no more.
 */
export const REMEMBERED_MS = 3_600_000;
/** Chains that count though no node shows them. Of honest nodes there is one, or some while blocks are given up. */
export const MAX_REMEMBERED = 64;

/** A chain, and the node that has it or had it last. */
export type Shown = { readonly node: number; readonly chain: ChainView };

export class ShownWork {
  /** Of the nodes that answer. */
  readonly #now = new Map<number, ChainView>();
  /** Work falls and time rises from one to the next: of two, a later one with as much work is all that matters. */
  #remembered: (Shown & { readonly atMs: number })[] = [];

  /** @param chain undefined where the node gave none. */
  saw(node: number, chain: ChainView | undefined, nowMs: number): void {
    if (chain === undefined) {
      this.#now.delete(node);
      return;
    }
    this.#now.set(node, chain);
    const weight = this.#weight();
    this.#remembered = this.#remembered.filter((each) => weight(each.chain) > weight(chain));
    if (this.#remembered.length < MAX_REMEMBERED) this.#remembered.push({ node, chain, atMs: nowMs });
  }

  /** The chain with the most work that counts; of several, one that is shown now. */
  get most(): (Shown & { readonly isShownNow: boolean }) | undefined {
    const now = [...this.#now].map(([node, chain]) => ({ node, chain, isShownNow: true }));
    const before = this.#remembered.map(({ node, chain }) => ({ node, chain, isShownNow: false }));
    const [first, ...others] = [...now, ...before];
    if (first === undefined) return undefined;
    const weight = this.#weight();
    return others.reduce((best, each) => (weight(each.chain) > weight(best.chain) ? each : best), first);
  }

  /** Whether any chain that counts has more work. */
  isLess(chain: ChainView): boolean {
    const weight = this.#weight();
    const most = this.most;
    return most !== undefined && weight(chain) < weight(most.chain);
  }

  /** Forgets what was shown too long ago, and returns the chain with the most work where that is among it. */
  forget(nowMs: number): Shown | undefined {
    const before = this.most;
    this.#remembered = this.#remembered.filter(({ atMs }) => nowMs - atMs < REMEMBERED_MS);
    if (before === undefined || before.isShownNow || this.most?.chain === before.chain) return undefined;
    return { node: before.node, chain: before.chain };
  }

  #weight(): (chain: ChainView) => bigint {
    return weightOf([...this.#now.values(), ...this.#remembered.map(({ chain }) => chain)]);
  }
}
