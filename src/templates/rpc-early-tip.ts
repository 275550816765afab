/**
 * Asks the node where a new tip stands, once for each and beside all other requests: the answer is small, and overtakes
 * the template that is being fetched. Nothing depends on it. A node that answers late, wrongly or not at all
 * costs no more than the early work on that tip.
 */

import type { Logger } from "../core/logger.ts";
import { RpcError } from "./errors.ts";
import { LinkedAbort } from "./rpc-abort.ts";
import type { BlockPlace } from "./rpc-block-place.ts";
import type { RpcNode } from "./rpc-node.ts";

export type EarlyTipParts = {
  readonly node: RpcNode;
  readonly logger: Logger;
  /** The answer for the tip that was asked for last. */
  onTip(tip: BlockPlace): void;
};

export class EarlyTip {
  readonly #parts: EarlyTipParts;
  readonly #period: AbortSignal;
  #asked: string | undefined;
  #asking: LinkedAbort | undefined;

  /** @param period once it is aborted nothing is asked or told any more. */
  constructor(parts: EarlyTipParts, period: AbortSignal) {
    this.#parts = parts;
    this.#period = period;
  }

  /** Asks for `tip`, unless it was the last one that was asked for. The question for an older one is dropped. */
  ask(tip: string): void {
    if (tip === this.#asked) return;
    this.forget();
    this.#asked = tip;
    void this.#ask(tip);
  }

  /** Drops what is asked. */
  forget(): void {
    this.#asked = undefined;
    this.#asking?.abort();
  }

  async #ask(tip: string): Promise<void> {
    const asking = new LinkedAbort(this.#period);
    this.#asking = asking;
    try {
      const place = await this.#parts.node.blockPlace(tip, asking.signal);
      if (!asking.signal.aborted) this.#parts.onTip(place);
    } catch (error) {
      if (asking.signal.aborted) return;
      const reason = error instanceof RpcError ? error.message : String(error);
      this.#parts.logger.debug("early work is not made", { tip, reason });
    } finally {
      asking.abort();
    }
  }
}
