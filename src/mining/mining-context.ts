/** What all connections have in common: the work, the extranonces, the validator, the settings. */

import type { DifficultyMemory } from "./difficulty-memory.ts";
import type { ExtranonceAllocator } from "./extranonce-allocator.ts";
import type { JobSlots } from "./job-slots.ts";
import type { PayoutPolicy } from "./payout-policy.ts";
import type { MiningOptions } from "./pool-options.ts";
import type { WorkBook } from "./work-book.ts";

export type MiningContext = {
  /** Replaced as a whole when the settings change: read at each use. */
  options: MiningOptions;
  readonly workBook: WorkBook;
  readonly extranonces: ExtranonceAllocator;
  readonly slots: JobSlots;
  /** Of workers that were here before. */
  readonly difficulties: DifficultyMemory;
  /** Whom a block of that identity's channels pays. */
  payoutOf: PayoutPolicy;
  /** False where no template stands on the node's tip: nothing new is handed out. */
  workAvailable: boolean;
  /** Open channels of all connections. */
  openChannels: number;
};
