/**
 * What a worker thread does: takes commands in the order of the ring, gathers shares, and has the core judge them
 * when it is told to or has a full chunk. Knows nothing of batches; verdicts go back in the order of the shares.
 *
 * A job may be set or cleared while shares are gathered: the main thread gives a slot to another job only when no
 * share of the former one is under way.
 */

import { CommandReader } from "./command-ring.ts";
import { VERDICT_BYTES } from "./record-layout.ts";
import { CELL_CLEAR, CELL_JOB, CELL_SHARE, cellsOfJob, type SharedRing } from "./ring-layout.ts";
import { VerdictWriter } from "./verdict-ring.ts";
import { CHUNK_SHARES, type WasmCore } from "./wasm-core.ts";
import type { CompiledCore } from "./wasm-module.ts";

/** What a worker is started with. */
export type WorkerStart = {
  readonly module: CompiledCore;
  readonly memory: SharedArrayBuffer;
  readonly jobSlots: number;
};

export class WorkerLoop {
  readonly #core: WasmCore;
  readonly #commands: CommandReader;
  readonly #verdicts: VerdictWriter;
  readonly #callMain: () => void;
  /** Shares that lie in the core and were not judged yet. */
  #gathered = 0;

  constructor(core: WasmCore, ring: SharedRing, callMain: () => void) {
    this.#core = core;
    this.#commands = new CommandReader(ring);
    this.#verdicts = new VerdictWriter(ring);
    this.#callMain = callMain;
  }

  /** Sleeps until there are commands, and does them. The main thread writes a command whole, or not at all. */
  serve(): void {
    let cells = this.#commands.wait();
    while (cells > 0) cells -= this.#next(cells);
  }

  /** @returns how many of the `cells` the command at the head took. */
  #next(cells: number): number {
    const commands = this.#commands;
    switch (commands.kind()) {
      case CELL_SHARE:
        return this.#gather(cells);
      case CELL_JOB:
        return this.#setJob();
      case CELL_CLEAR:
        this.#core.clearJob(commands.slot(), commands.generation());
        commands.advance(1);
        return 1;
      default:
        // CELL_FLUSH. The cell is given back before the bell, so that the main thread finds its room.
        commands.advance(1);
        this.#judge();
        if (this.#verdicts.ring()) this.#callMain();
        return 1;
    }
  }

  #gather(cells: number): number {
    const count = this.#commands.shareRun(Math.min(cells, CHUNK_SHARES - this.#gathered));
    this.#commands.copyShares(this.#core.shares, this.#gathered, count);
    this.#commands.advance(count);
    this.#gathered += count;
    if (this.#gathered === CHUNK_SHARES) this.#judge();
    return count;
  }

  #setJob(): number {
    const commands = this.#commands;
    const lengthBytes = commands.jobBytes();
    commands.copyJob(this.#core.jobStaging(lengthBytes));
    this.#core.setJob(commands.slot(), commands.generation(), lengthBytes);
    const cells = cellsOfJob(lengthBytes);
    commands.advance(cells);
    return cells;
  }

  #judge(): void {
    if (this.#gathered === 0) return;
    this.#core.validate(this.#gathered);
    this.#verdicts.write(this.#core.verdicts.subarray(0, this.#gathered * VERDICT_BYTES));
    this.#gathered = 0;
  }
}
