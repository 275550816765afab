/**
 * A worker that does its work when a test says so, one share at a time, and ends when a test says so. It speaks the
 * same rings as a real one, in the test's own thread.
 */

import { CommandReader } from "../../src/sharecore/command-ring.ts";
import { VERDICT_BYTES } from "../../src/sharecore/record-layout.ts";
import * as layout from "../../src/sharecore/ring-layout.ts";
import { VerdictWriter } from "../../src/sharecore/verdict-ring.ts";
import { WasmCore } from "../../src/sharecore/wasm-core.ts";
import type { WorkerStart } from "../../src/sharecore/worker-loop.ts";
import type { ThreadEvents, WorkerThread } from "../../src/sharecore/worker-thread.ts";

export class ScriptedWorker implements WorkerThread {
  readonly #core: WasmCore;
  readonly #ring: layout.SharedRing;
  readonly #commands: CommandReader;
  readonly #verdicts: VerdictWriter;
  readonly #events: ThreadEvents;
  #hasCalled = false;
  isReferenced = false;
  hasEnded = false;
  /** What it did, for tests to look at. */
  readonly counts = { shares: 0, jobs: 0, clears: 0, flushes: 0, bells: 0 };

  constructor(start: WorkerStart, events: ThreadEvents) {
    this.#core = new WasmCore(start.module, { jobSlots: start.jobSlots, scalar: true });
    this.#ring = layout.openRing(start.memory);
    this.#commands = new CommandReader(this.#ring);
    this.#verdicts = new VerdictWriter(this.#ring);
    this.#events = events;
  }

  ref(): void {
    this.isReferenced = true;
  }

  unref(): void {
    this.isReferenced = false;
  }

  async terminate(): Promise<void> {
    if (!this.hasEnded) this.crash();
  }

  /** Ends the thread with all that it has not answered. */
  crash(): void {
    this.hasEnded = true;
    this.#events.onEnd("scripted");
  }

  /** Commands that wait in the ring, in cells. */
  get waitingCells(): number {
    const { control } = this.#ring;
    return (control[layout.COMMAND_TAIL] ?? 0) - (control[layout.COMMAND_HEAD] ?? 0);
  }

  /**
   * Does commands until `shares` shares are answered, or none are left, and calls the main thread, which may bring new
   * ones. Does nothing once it has ended.
   */
  work(shares = Number.POSITIVE_INFINITY): void {
    const goal = this.counts.shares + shares;
    do {
      this.workQuietly(goal - this.counts.shares);
      this.#callMain();
    } while (!this.hasEnded && this.counts.shares < goal && this.waitingCells > 0);
  }

  /** The same without the call, as long as the main thread has not come to its messages. */
  workQuietly(shares: number): void {
    const goal = this.counts.shares + shares;
    while (!this.hasEnded && this.counts.shares < goal && this.waitingCells > 0) this.#next();
  }

  #callMain(): void {
    if (!this.#hasCalled) return;
    this.#hasCalled = false;
    this.counts.bells += 1;
    this.#events.onMessage(undefined);
  }

  #next(): void {
    const commands = this.#commands;
    switch (commands.kind()) {
      case layout.CELL_SHARE:
        commands.copyShares(this.#core.shares, 0, 1);
        commands.advance(1);
        this.#core.validate(1);
        this.#verdicts.write(this.#core.verdicts.subarray(0, VERDICT_BYTES));
        this.counts.shares += 1;
        return;
      case layout.CELL_JOB: {
        const length = commands.jobBytes();
        commands.copyJob(this.#core.jobStaging(length));
        this.#core.setJob(commands.slot(), commands.generation(), length);
        commands.advance(layout.cellsOfJob(length));
        this.counts.jobs += 1;
        return;
      }
      case layout.CELL_CLEAR:
        this.#core.clearJob(commands.slot(), commands.generation());
        commands.advance(1);
        this.counts.clears += 1;
        return;
      default:
        commands.advance(1);
        this.counts.flushes += 1;
        if (this.#verdicts.ring()) this.#hasCalled = true;
    }
  }
}
