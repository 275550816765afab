/** A spool that has written a block, and taken it away, when a test says so. */

import type { BlockSpool, KeptBlock, LeftBlock, SpooledBlock } from "../../src/ledger/spool.ts";

export class HeldBlock implements KeptBlock {
  readonly block: SpooledBlock;
  readonly durable: Promise<void>;
  /** `removed` and `aside`: what it was told when it was finished. */
  state: "kept" | "removed" | "aside" = "kept";
  write: () => void = () => undefined;

  constructor(block: SpooledBlock) {
    this.block = block;
    this.durable = new Promise((resolve) => {
      this.write = resolve;
    });
  }

  async remove(): Promise<void> {
    this.#finish("removed");
  }

  async setAside(): Promise<void> {
    this.#finish("aside");
  }

  #finish(state: "removed" | "aside"): void {
    if (this.state !== "kept") throw new Error(`a block that is ${this.state} is finished again`);
    this.state = state;
  }
}

export class HeldSpool implements BlockSpool {
  /** Oldest first; with those that were left. */
  readonly kept: HeldBlock[] = [];
  /** What an earlier process left. */
  left: readonly SpooledBlock[] = [];
  /** Called within `keep`. */
  onKeep: () => void = () => undefined;
  closed = false;
  /** The disk hangs: reading never ends. */
  hangs = false;

  /** More of what an earlier process left can be read. */
  readMore: (blocks: readonly SpooledBlock[]) => void = () => undefined;

  async read(take: (left: readonly LeftBlock[]) => void): Promise<void> {
    if (this.hangs) await new Promise(() => undefined);
    this.readMore = (blocks) => take(blocks.map((block) => ({ block, kept: this.#hold(block) })));
    this.readMore(this.left);
  }

  keep(block: SpooledBlock): KeptBlock {
    this.onKeep();
    return this.#hold(block);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  get states(): string[] {
    return this.kept.map(({ state }) => state);
  }

  #hold(block: SpooledBlock): HeldBlock {
    const held = new HeldBlock(block);
    this.kept.push(held);
    return held;
  }
}
