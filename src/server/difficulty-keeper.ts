/**
 * Brings what difficulty suited which worker into the ledger and back over a restart. Nothing depends on it but how soon a
 * worker that comes back has the right difficulty: a ledger that fails is asked again later, and holds up nobody.
 */

import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { RememberedDifficulty, ShareLedger } from "../ledger/ledger.ts";
import type { DifficultyMemory } from "../mining/difficulty-memory.ts";
import { Deadline } from "./deadline.ts";

export type DifficultyKeeperOptions = {
  readonly memory: DifficultyMemory;
  readonly ledger: ShareLedger;
};

/** What a killed pool forgets is as old as this at most. Arbitrary. */
const SAVE_EVERY_MS = 5_000;
/** So many cost the main thread less than a millisecond. */
const SAVED_AT_ONCE = 500;
/** How long the start and the stop wait for the ledger. Arbitrary: it takes milliseconds. */
const PATIENCE_MS = 1_000;

export class DifficultyKeeper {
  readonly #options: DifficultyKeeperOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** What the ledger has not taken yet. */
  #unsaved: readonly RememberedDifficulty[] = [];
  #saving: Promise<boolean> | undefined;
  #timer: Timer | undefined;

  constructor(options: DifficultyKeeperOptions, context: { readonly logger: Logger; readonly clock: Clock }) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
  }

  /** Resolves when what was kept is remembered again, or soon where the ledger does not say; from then on it is saved. */
  async load(): Promise<void> {
    const deadline = new Deadline(PATIENCE_MS, this.#clock);
    await deadline.within(this.#load());
    deadline.cancel();
    this.#timer = this.#clock.every(SAVE_EVERY_MS, () => {
      if (this.#saving === undefined) void this.#save();
    });
  }

  async #load(): Promise<void> {
    const { memory, ledger } = this.#options;
    try {
      memory.load(await ledger.difficulties());
    } catch (error) {
      this.#logger.warn("what difficulty suited which worker is not known", { error: reasonOf(error) });
    }
  }

  /** Saves what is not saved yet, as far as the ledger takes it at once. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    const deadline = new Deadline(PATIENCE_MS, this.#clock);
    await deadline.within(this.#saveAll());
    deadline.cancel();
  }

  async #saveAll(): Promise<void> {
    await this.#saving;
    while (await this.#save());
  }

  /** Whether something was saved. */
  #save(): Promise<boolean> {
    this.#saving = this.#saveNext().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #saveNext(): Promise<boolean> {
    const { memory, ledger } = this.#options;
    if (this.#unsaved.length === 0) this.#unsaved = memory.takeNoted(SAVED_AT_ONCE);
    if (this.#unsaved.length === 0) return false;
    try {
      await ledger.rememberDifficulties(this.#unsaved);
      this.#unsaved = [];
      return true;
    } catch (error) {
      this.#logger.debug("difficulties could not be saved", { error: reasonOf(error) });
      return false;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
