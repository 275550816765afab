/**
 * The memory that the main thread shares with one worker: four control words, a ring of command cells towards the
 * worker, and a ring of verdict cells back. Each ring has one producer and one consumer.
 *
 * A position counts cells since the start and wraps at 2^32; its cell is the position modulo the ring's size, a power
 * of two. A producer writes cells first and its tail afterwards, so whoever reads the tail finds the cells complete.
 */

import { SharecoreError } from "./errors.ts";
import {
  HASH_BYTES,
  JOB_REST,
  MAX_COINBASE_PART_BYTES,
  MAX_PATH_ENTRIES,
  SHARE_BYTES,
  VERDICT_BYTES,
} from "./record-layout.ts";

/** A cell is a share record; other commands are told apart by the field that a share has as zero. */
export const CELL_BYTES: number = SHARE_BYTES;
export const CELL_SHARE = 0;
/** Header of a job definition; its record follows in as many cells as it needs. Slot and generation as in a share. */
export const CELL_JOB = 1;
/** The job's slot is free. */
export const CELL_CLEAR = 2;
/** Judge what has come so far, give the verdicts back and ring. */
export const CELL_FLUSH = 3;
/** In a job's header cell: bytes of its record. */
export const CELL_JOB_BYTES = 8;

/**
 * Control words, 128 bytes apart: no two of them share a cache line, nor a pair of lines that is fetched together.
 * The consumer's position in the verdict ring is not shared: see `VerdictReader`.
 */
const WORD_SPACING = 128 / Int32Array.BYTES_PER_ELEMENT;
/** Written by the main thread: position behind the last command. The worker sleeps on it. */
export const COMMAND_TAIL = 0;
/** Written by the worker: position of the first command that it has not taken. */
export const COMMAND_HEAD: number = WORD_SPACING;
/** Written by the worker: position behind the last verdict. */
export const VERDICT_TAIL: number = 2 * WORD_SPACING;
/** 1 from the worker's ring until the main thread has come to look. */
export const BELL: number = 3 * WORD_SPACING;
const CONTROL_BYTES = 4 * 128;

const LARGEST_JOB_BYTES = JOB_REST + 2 * MAX_COINBASE_PART_BYTES + MAX_PATH_ENTRIES * HASH_BYTES;

/** The next power of two above what the largest job definition (1,378 cells), a share and a flush need together. */
export const MIN_RING_CELLS: number = 2 ** Math.ceil(Math.log2(cellsOfJob(LARGEST_JOB_BYTES) + 2));
/** 8.5 MiB for each worker: a bound against mistakes. */
export const MAX_RING_CELLS = 65_536;
/** 1.1 MiB for each worker, and some milliseconds of hashing: a worker never runs dry between two ticks. */
export const DEFAULT_RING_CELLS = 8192;

/** How many cells a job definition takes, its header included. */
export function cellsOfJob(recordBytes: number): number {
  return 1 + Math.ceil(recordBytes / CELL_BYTES);
}

/** Both rings of one worker, as each side sees them. */
export type SharedRing = {
  readonly memory: SharedArrayBuffer;
  /** Of either ring. */
  readonly cells: number;
  readonly control: Int32Array;
  readonly commands: Uint8Array;
  readonly commandView: DataView;
  readonly verdicts: Uint8Array;
};

/** @throws {SharecoreError} `option-invalid` where `cells` is no power of two from 2,048 to 65,536. */
export function createRing(cells: number): SharedRing {
  const isPowerOfTwo = Number.isInteger(Math.log2(cells));
  if (!isPowerOfTwo || cells < MIN_RING_CELLS || cells > MAX_RING_CELLS) {
    throw new SharecoreError(`ringCells is a power of two from ${MIN_RING_CELLS} to ${MAX_RING_CELLS}`, {
      code: "option-invalid",
      details: { ringCells: cells },
    });
  }
  return openRing(new SharedArrayBuffer(CONTROL_BYTES + cells * (CELL_BYTES + VERDICT_BYTES)));
}

/** The same memory as `createRing` laid out, on the other side. */
export function openRing(memory: SharedArrayBuffer): SharedRing {
  const cells = (memory.byteLength - CONTROL_BYTES) / (CELL_BYTES + VERDICT_BYTES);
  const commandBytes = cells * CELL_BYTES;
  return {
    memory,
    cells,
    control: new Int32Array(memory, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT),
    commands: new Uint8Array(memory, CONTROL_BYTES, commandBytes),
    commandView: new DataView(memory, CONTROL_BYTES, commandBytes),
    verdicts: new Uint8Array(memory, CONTROL_BYTES + commandBytes),
  };
}
