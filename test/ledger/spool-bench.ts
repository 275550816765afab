/** A spool whose thread and clock a test holds. */

import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { nextTurn } from "../support/wait.ts";
import { ScriptedSpoolThreads } from "./scripted-spool-thread.ts";
import { spooledBlock } from "./spool-values.ts";

export const BLOCK = spooledBlock();
export const NAME = fileNameOf(BLOCK);
export const TRYING_AGAIN = "block not written to the spool, trying again";

export class SpoolBench {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly threads = new ScriptedSpoolThreads();
  readonly spool = new FolderSpool({ folder: "/data/spool", startThread: this.threads.start }, this);

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await nextTurn();
  }
}
