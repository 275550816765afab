/**
 * Brings what becomes of one block into the ledger: in order, and again until it has it. Where the ledger is slower than the
 * block, it gets the newest fate alone.
 */

import { Backoff } from "../core/backoff.ts";
import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { Wakeup } from "../core/wakeup.ts";
import type { BlockFate, ShareLedger } from "../ledger/ledger.ts";
import type { SpooledBlock } from "../ledger/spool.ts";

/**
 * What the ledger knows of a block of an earlier process. `unrecorded`: it does not have the block. `unknown`: it cannot say
 * now.
 */
export type KnownFate = BlockFate | "unrecorded" | "unknown";

/** Waits after a record, or a question, that failed. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export class BlockFates {
  readonly #block: SpooledBlock;
  readonly #ledger: ShareLedger;
  readonly #logger: Logger;
  /** Aborted by the stop: what is tried then is tried without a wait, and last. */
  readonly #lastTry = new AbortController();
  readonly #pause: Wakeup;
  #fate: BlockFate | undefined;
  #reason: string | undefined;
  /** What the ledger has. */
  #stored: BlockFate | undefined;
  #storing: Promise<void> | undefined;
  /** Asks the ledger what it knows; undefined once that is known. */
  #ask: (() => Promise<KnownFate>) | undefined;

  constructor(
    block: SpooledBlock,
    parts: { readonly ledger: ShareLedger; readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#block = block;
    this.#ledger = parts.ledger;
    this.#logger = parts.logger;
    this.#pause = new Wakeup(parts.clock, this.#lastTry.signal);
  }

  get fate(): BlockFate | undefined {
    return this.#fate;
  }

  /** The block's fate is this from now on. One that is confirmed stays so. */
  set(fate: BlockFate, reason?: string): void {
    if (this.#fate === "confirmed") return;
    this.#fate = fate;
    this.#reason = reason;
    this.#pause.interrupt();
    if (this.#storing === undefined && fate !== this.#stored) this.#storing = this.#store();
  }

  /**
   * Of a block of an earlier process: what the ledger knows of it is not recorded again, and what it does not know is. While
   * it cannot say, it is asked again, and what nodes say is recorded, but not that the block is submitted: it may be further.
   * @param ask never rejects.
   */
  resume(ask: () => Promise<KnownFate>): void {
    this.#ask = ask;
    this.#storing = this.#store();
  }

  /** Resolves once the ledger has the fate, with true; with false where the last try failed. */
  async stored(): Promise<boolean> {
    while (this.#storing !== undefined) await this.#storing;
    return this.#stored === this.#fate;
  }

  /** What the ledger does not have is tried a last time. */
  async stop(): Promise<void> {
    this.#lastTry.abort();
    await this.stored();
  }

  async #store(): Promise<void> {
    const waits = new Backoff({ baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS });
    while (!this.#isSettled()) {
      const isLast = this.#lastTry.signal.aborted;
      if (this.#ask !== undefined) await this.#learn(this.#ask);
      const fate = this.#fate;
      if (fate !== undefined && fate !== this.#stored && (await this.#record(fate))) {
        // What it had before does not matter any more.
        this.#ask = undefined;
        this.#stored = fate;
        waits.reset();
      }
      if (this.#isSettled() || fate !== this.#fate) continue;
      if (isLast) break;
      await this.#pause.wait(waits.nextMs());
    }
    this.#storing = undefined;
  }

  #isSettled(): boolean {
    return this.#ask === undefined && this.#fate === this.#stored;
  }

  async #learn(ask: () => Promise<KnownFate>): Promise<void> {
    const known = await ask();
    if (known === "unknown") return;
    this.#ask = undefined;
    if (known !== "unrecorded") this.#stored = known;
    if (known === "confirmed") this.#fate = known;
    this.#fate ??= this.#stored ?? "submitted";
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
}
