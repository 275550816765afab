/** What all connections have in common: the work, the extranonces, the validator, the settings. */

import type { JobHandle, ShareValidator } from "../sharecore/types.ts";
import type { ExtranonceAllocator } from "./extranonce-allocator.ts";
import type { MiningOptions } from "./pool-options.ts";
import type { WorkBook } from "./work-book.ts";

export type MiningContext = {
  readonly options: MiningOptions;
  readonly workBook: WorkBook;
  readonly extranonces: ExtranonceAllocator;
  readonly validator: ShareValidator;
  /** Gives the slot of a standard channel's job back as soon as no gathered share needs it. */
  readonly releaseStandardJob: (handle: JobHandle) => void;
  /** False where no template stands on the node's tip: nothing new is handed out. */
  workAvailable: boolean;
  /** Open channels of all connections. */
  openChannels: number;
};
