/** The chains of several nodes side by side: which of them have less work than was shown, since when, and by how much. */

import { type Fault, lessWork, type Most } from "./node-faults.ts";
import type { ChainView } from "./node-view.ts";
import { type Shown, ShownWork } from "./shown-work.ts";

/** Two nodes whose chains have to be compared at that height, far enough below both tips that no race differs there. */
export type Comparison = { readonly node: number; readonly heavier: number; readonly height: number };

/** Races of two blocks end within one or two; what differs deeper is another chain. */
const FORK_DEPTH = 3;

type Place = {
  readonly name: string;
  /** Undefined while the node gives none. */
  chain: ChainView | undefined;
  /** When it was last seen to have as much work as any that counts. */
  levelAtMs: number;
  /** By the last comparison since it was level. */
  onOtherChain: boolean;
};

export class NodeChains {
  readonly #places: readonly Place[];
  readonly #graceMs: number;
  readonly #work = new ShownWork();

  /** @param graceMs how long a node may have less work than another before that is a fault. */
  constructor(names: readonly string[], graceMs: number) {
    const levelAtMs = Number.NEGATIVE_INFINITY;
    this.#places = names.map((name) => ({ name, chain: undefined, levelAtMs, onOtherChain: false }));
    this.#graceMs = graceMs;
  }

  /** @param chain undefined where the node gave none. */
  saw(index: number, chain: ChainView | undefined, nowMs: number): void {
    // Until now those were level that another one's new block leaves behind.
    this.#noteLevel(nowMs);
    const place = this.#place(index);
    place.chain = chain;
    // One that comes back may have lost blocks, and the grace is for new ones.
    if (chain === undefined) place.levelAtMs = Number.NEGATIVE_INFINITY;
    this.#work.saw(index, chain, nowMs);
    this.#noteLevel(nowMs);
  }

  #noteLevel(nowMs: number): void {
    for (const place of this.#places) {
      if (place.chain === undefined || this.#work.isLess(place.chain)) continue;
      place.levelAtMs = nowMs;
      place.onOtherChain = false;
    }
  }

  /** The chain with the most work, of nodes that answer and of what was shown within the last hour. */
  get most(): Most | undefined {
    const most = this.#work.most;
    return most === undefined ? undefined : { ...most, name: this.#place(most.node).name };
  }

  /** Forgets what was shown too long ago, and returns the chain with the most work where that is among it. */
  forget(nowMs: number): Shown | undefined {
    return this.#work.forget(nowMs);
  }

  /** Whether the node answers, and has as much work as any chain that counts. */
  isMost(index: number): boolean {
    const { chain } = this.#place(index);
    return chain !== undefined && !this.#work.isLess(chain);
  }

  /** What the node lacks; undefined also where it has less work for less than the grace. */
  faultOf(index: number, nowMs: number): Fault | undefined {
    const { name, chain, levelAtMs, onOtherChain } = this.#place(index);
    const { most } = this;
    if (chain === undefined || most === undefined || !this.#work.isLess(chain)) return undefined;
    return nowMs - levelAtMs < this.#graceMs ? undefined : lessWork({ name, chain, onOtherChain }, most);
  }

  /** Chains that are worth a comparison: of each node that has less work, with one that shows the most. */
  comparisons(): Comparison[] {
    const most = this.#work.most;
    if (!most?.isShownNow) return [];
    return this.#places.flatMap(({ chain }, node) => {
      if (chain === undefined || !this.#work.isLess(chain)) return [];
      const height = Math.min(chain.height, most.chain.height) - FORK_DEPTH;
      return height < 0 ? [] : [{ node, heavier: most.node, height }];
    });
  }

  /** Whether the node is on another chain than the heavier one, by their blocks at the height that was asked for. */
  compared({ node }: Comparison, differ: boolean): void {
    this.#place(node).onOtherChain = differ;
  }

  #place(index: number): Place {
    const place = this.#places[index];
    if (place === undefined) throw new RangeError(`there is no node ${index}`);
    return place;
  }
}
