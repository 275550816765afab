/**
 * What hashes shares in the calling thread: the plain-JS one and the WASM one. It knows slots and generations, and
 * neither order nor queues.
 */

import type { RecordBatch } from "./record-batch.ts";
import type { JobHandle } from "./types.ts";

export interface ShareCore {
  /** Puts a job into a slot, in place of the one before. `record` is one of `encodeJob`. */
  setJob(handle: JobHandle, record: Uint8Array): void;
  /** Frees the slot, where it still holds this generation. */
  clearJob(handle: JobHandle): void;
  /** Judges the shares from index `from` up to, not including, `to`; the verdicts go into `batch.verdicts`. */
  validate(batch: RecordBatch, from: number, to: number): void;
  /** As `ShareValidator.merkleRoots`, whose checks have been made. */
  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array;
}
