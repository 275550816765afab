/**
 * Brings what becomes of one block into the ledger: in order, and again until it has it. Where the ledger is slower than the
 * block, it gets the newest fate alone.
 */

import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { BlockFate, ShareLedger } from "../ledger/ledger.ts";
import type { SpooledBlock } from "../ledger/spool.ts";

/** First wait after a record that failed; doubled each time up to the longest. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export class BlockFates {
  readonly #block: SpooledBlock;
  readonly #ledger: ShareLedger;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #fate: BlockFate | undefined;
  #reason: string | undefined;
  /** What the ledger has. */
  #stored: BlockFate | undefined;
  #storing: Promise<void> | undefined;
  #isLastTry = false;
  #wake: () => void = () => undefined;

  constructor(
    block: SpooledBlock,
    parts: { readonly ledger: ShareLedger; readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#block = block;
    this.#ledger = parts.ledger;
    this.#logger = parts.logger;
    this.#clock = parts.clock;
  }

  get fate(): BlockFate | undefined {
    return this.#fate;
  }

  /** The block's fate is this from now on. One that is confirmed stays so. */
  set(fate: BlockFate, reason?: string): void {
    if (this.#fate === "confirmed") return;
    this.#fate = fate;
    this.#reason = reason;
    this.#wake();
    if (this.#storing === undefined && fate !== this.#stored) this.#storing = this.#store();
  }

  /** Of a block of an earlier process: what the ledger knows of it is not recorded again, and what it does not know is. */
  resume(known: Promise<BlockFate | undefined>): void {
    this.#storing = known.then((fate) => {
      this.#stored = fate;
      if (fate === "confirmed") this.#fate = fate;
      this.#fate ??= fate ?? "submitted";
      return this.#store();
    });
  }

  /** Resolves once the ledger has the fate, with true; with false where the last try failed. */
  async stored(): Promise<boolean> {
    while (this.#storing !== undefined) await this.#storing;
    return this.#stored === this.#fate;
  }

  /** What the ledger does not have is tried a last time. */
  async stop(): Promise<void> {
    this.#isLastTry = true;
    this.#wake();
    await this.stored();
  }

  async #store(): Promise<void> {
    let waitMs = FIRST_RETRY_MS;
    while (this.#fate !== undefined && this.#fate !== this.#stored) {
      const isLast = this.#isLastTry;
      const fate = this.#fate;
      if (await this.#record(fate)) {
        this.#stored = fate;
        waitMs = FIRST_RETRY_MS;
      } else if (fate === this.#fate) {
        if (isLast) break;
        await this.#wait(waitMs);
        waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS);
      }
    }
    this.#storing = undefined;
  }

  async #record(fate: BlockFate): Promise<boolean> {
    const { hash, height, userIdentity, foundAtMs } = this.#block;
    try {
      await this.#ledger.recordBlock({ hash, height, userIdentity, foundAtMs, fate, reason: this.#reason });
      return true;
    } catch (error) {
      this.#logger.error("block could not be recorded", {
        hash: toHex(reversed(hash)),
        height,
        fate,
        error: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
  }

  /** That time, or until there is another fate or the pool stops. */
  #wait(waitMs: number): Promise<void> {
    if (this.#isLastTry) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(waitMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
