/**
 * The ring of commands from the main thread to one worker: its writing end and its reading end. Neither end decides
 * what is sent when; that is the seat's and the worker loop's part.
 */

import { SHARE_BYTES, SHARE_GENERATION, SHARE_RESERVED, SHARE_SLOT } from "./record-layout.ts";
import * as layout from "./ring-layout.ts";
import type { JobHandle } from "./types.ts";

const { CELL_BYTES, COMMAND_HEAD, COMMAND_TAIL } = layout;

/** The main thread's end. Cells are visible to the worker from `publish` on. */
export class CommandWriter {
  readonly #ring: layout.SharedRing;
  #tail: number;

  /** To be made before the worker is started. */
  constructor(ring: layout.SharedRing) {
    this.#ring = ring;
    // Pairs with nothing: no other thread has the ring yet.
    this.#tail = Atomics.load(ring.control, COMMAND_TAIL);
  }

  /** Free cells. */
  room(): number {
    const { cells, control } = this.#ring;
    // Acquire: pairs with the store in `CommandReader.advance`. A cell counts as free only after the worker has
    // copied it out.
    const head = Atomics.load(control, COMMAND_HEAD);
    return cells - ((this.#tail - head) | 0);
  }

  /** Needs `cellsOfJob(record.length)` free cells. */
  writeJob(handle: JobHandle, record: Uint8Array): void {
    this.#ring.commandView.setUint32(offsetOf(this.#ring, this.#tail) + layout.CELL_JOB_BYTES, record.length, true);
    this.#writeHeader(handle, layout.CELL_JOB);
    this.#copyIn(record);
    this.#tail = (this.#tail + layout.cellsOfJob(record.length) - 1) | 0;
  }

  /** Needs a free cell. */
  writeClear(handle: JobHandle): void {
    this.#writeHeader(handle, layout.CELL_CLEAR);
  }

  /** Needs a free cell. */
  writeFlush(): void {
    this.#writeHeader({ slot: 0, generation: 0 }, layout.CELL_FLUSH);
  }

  /** @param shares whole share records; needs a free cell for each. */
  writeShares(shares: Uint8Array): void {
    this.#copyIn(shares);
    this.#tail = (this.#tail + shares.length / CELL_BYTES) | 0;
  }

  /** Makes all cells written so far visible, without waking the worker. */
  publish(): void {
    // Release: pairs with the load in `CommandReader.wait`, which then sees the cells' bytes.
    Atomics.store(this.#ring.control, COMMAND_TAIL, this.#tail);
  }

  /** To be called after `publish`. */
  wake(): void {
    // Pairs with the wait in `CommandReader.wait`. A worker that is about to sleep compares the tail once more under
    // the same lock, so that no wake-up is lost between its look and its sleep.
    Atomics.notify(this.#ring.control, COMMAND_TAIL, 1);
  }

  #writeHeader({ slot, generation }: JobHandle, kind: number): void {
    const start = offsetOf(this.#ring, this.#tail);
    const view = this.#ring.commandView;
    view.setUint32(start + SHARE_SLOT, slot, true);
    view.setUint32(start + SHARE_GENERATION, generation, true);
    view.setUint32(start + SHARE_RESERVED, kind, true);
    this.#tail = (this.#tail + 1) | 0;
  }

  #copyIn(bytes: Uint8Array): void {
    const { commands } = this.#ring;
    const start = offsetOf(this.#ring, this.#tail);
    const untilEnd = commands.length - start;
    if (bytes.length <= untilEnd) {
      commands.set(bytes, start);
      return;
    }
    commands.set(bytes.subarray(0, untilEnd), start);
    commands.set(bytes.subarray(untilEnd), 0);
  }
}

/** The worker's end: looks at the command at the head, and takes it by `advance`. */
export class CommandReader {
  readonly #ring: layout.SharedRing;
  #head: number;
  #offset: number;

  constructor(ring: layout.SharedRing) {
    this.#ring = ring;
    // Pairs with nothing: the worker alone writes this word.
    this.#head = Atomics.load(ring.control, COMMAND_HEAD);
    this.#offset = offsetOf(ring, this.#head);
  }

  /** Sleeps until there is a command. @returns how many cells there are. */
  wait(): number {
    const { control } = this.#ring;
    for (;;) {
      // Acquire: pairs with the store in `CommandWriter.publish`.
      const tail = Atomics.load(control, COMMAND_TAIL);
      if (tail !== this.#head) return (tail - this.#head) | 0;
      // Sleeps only while the tail still has this value: pairs with `CommandWriter.wake`.
      Atomics.wait(control, COMMAND_TAIL, tail);
    }
  }

  kind(): number {
    return this.#ring.commandView.getUint32(this.#offset + SHARE_RESERVED, true);
  }

  slot(): number {
    return this.#ring.commandView.getUint32(this.#offset + SHARE_SLOT, true);
  }

  generation(): number {
    return this.#ring.commandView.getUint32(this.#offset + SHARE_GENERATION, true);
  }

  jobBytes(): number {
    return this.#ring.commandView.getUint32(this.#offset + layout.CELL_JOB_BYTES, true);
  }

  /** How many share cells follow one another from the head, at most `limit` and not past the ring's end. */
  shareRun(limit: number): number {
    const { commands, commandView } = this.#ring;
    const end = Math.min(commands.length, this.#offset + limit * CELL_BYTES);
    let cell = this.#offset;
    while (cell < end && commandView.getUint32(cell + SHARE_RESERVED, true) === layout.CELL_SHARE) cell += CELL_BYTES;
    return (cell - this.#offset) / CELL_BYTES;
  }

  /** Copies `count` share cells, which `shareRun` counted, into `target` as records from `index` on. */
  copyShares(target: Uint8Array, index: number, count: number): void {
    const cells = this.#ring.commands.subarray(this.#offset, this.#offset + count * CELL_BYTES);
    target.set(cells, index * SHARE_BYTES);
  }

  /** Copies the record behind a job's header cell; `record` has its length. */
  copyJob(record: Uint8Array): void {
    const { commands } = this.#ring;
    const start = (this.#offset + CELL_BYTES) % commands.length;
    const first = Math.min(record.length, commands.length - start);
    record.set(commands.subarray(start, start + first));
    record.set(commands.subarray(0, record.length - first), first);
  }

  /** Gives `count` cells back. */
  advance(count: number): void {
    this.#head = (this.#head + count) | 0;
    this.#offset = offsetOf(this.#ring, this.#head);
    // Release: pairs with the load in `CommandWriter.room`; the cells were copied before they are given back.
    Atomics.store(this.#ring.control, COMMAND_HEAD, this.#head);
  }
}

/** Where the cell at a position lies. */
function offsetOf({ cells }: layout.SharedRing, position: number): number {
  return (position & (cells - 1)) * CELL_BYTES;
}
