/**
 * The values that go into share validation and come out of it, and the interface that every implementation has:
 * plain JS (the readable reference), WASM in the calling thread, and the worker pool.
 *
 * All 32-byte values are in the order in which they stand in a block header or on the SV2 wire (little-endian as an
 * integer); explorers print them reversed.
 */

/** Work on a fixed merkle root: `NewMiningJob`, SV2 §5.1.1. */
export type StandardJob = {
  readonly kind: "standard";
  /** 32 bytes. */
  readonly prevHash: Uint8Array;
  /** 32 bytes. */
  readonly merkleRoot: Uint8Array;
  /** The header's version without rolled bits; a share brings its own. */
  readonly version: number;
  /** Compact target of the header (nBits). */
  readonly bits: number;
  /** 32 bytes: at or below it, a hash solves a block. */
  readonly networkTarget: Uint8Array;
};

/** Work on a coinbase with room for an extranonce: `NewExtendedMiningJob`, SV2 §5.1.2. */
export type ExtendedJob = {
  readonly kind: "extended";
  /** 32 bytes. */
  readonly prevHash: Uint8Array;
  readonly version: number;
  readonly bits: number;
  /** 32 bytes. */
  readonly networkTarget: Uint8Array;
  /** Coinbase transaction without BIP141 fields up to the extranonce; 1 to 65,535 bytes. */
  readonly coinbasePrefix: Uint8Array;
  /** What follows the extranonce; 1 to 65,535 bytes. */
  readonly coinbaseSuffix: Uint8Array;
  /** Siblings from the coinbase's level upward, 32 bytes each, at most 32 of them. */
  readonly merklePath: readonly Uint8Array[];
};

export type Job = StandardJob | ExtendedJob;

/** A registered job: the slot it lies in, and the slot's generation, so that a late share never meets a newer job. */
export type JobHandle = { readonly slot: number; readonly generation: number };

/** One share as `ShareBatch.push` takes it. The two arrays are copied. */
export type ShareFields = {
  readonly job: JobHandle;
  readonly version: number;
  readonly ntime: number;
  readonly nonce: number;
  /** 32 bytes: the share target. */
  readonly target: Uint8Array;
  /**
   * Extended job: all bytes between coinbase prefix and suffix (the channel's extranonce prefix and the rolled part),
   * 0 to 32. Standard job: empty.
   */
  readonly extranonce: Uint8Array;
};

/** Bits of a verdict's flags, as `VerdictBatch.flags` returns them. */
export const VERDICT_MEETS_SHARE_TARGET = 1;
export const VERDICT_MEETS_NETWORK_TARGET = 2;
/** No such job (released, or its slot holds a newer one): nothing was hashed and the hash is zero. */
export const VERDICT_UNKNOWN_JOB = 4;

/** Verdicts of a batch, by the index that `ShareBatch.push` gave. Valid during the callback only. */
export interface VerdictBatch {
  readonly count: number;
  /** OR of the `VERDICT_…` bits. */
  flags(index: number): number;
  /** A view of the 32-byte header hash. Copy it to keep it. */
  hash(index: number): Uint8Array;
}

/**
 * Shares on their way to a validator. Reusable: `clear` empties it, no memory is allocated by `push`. A batch that was
 * submitted belongs to the validator until its callback has returned.
 */
export interface ShareBatch {
  readonly count: number;
  readonly capacity: number;
  /** Appends a share and returns its index, or -1 when the batch is full. */
  push(share: ShareFields): number;
  clear(): void;
}

/** Called exactly once per submitted batch, in the order of submission. */
export type VerdictHandler = (verdicts: VerdictBatch) => void;

export interface ShareValidator {
  readonly backend: "js" | "wasm-scalar" | "wasm" | "workers";
  /** Makes an empty batch for at most `capacity` shares. */
  createBatch(capacity: number): ShareBatch;
  /**
   * Registers a job.
   * @throws {SharecoreError} `job-invalid` where a length is wrong, `job-limit` where all slots are taken.
   */
  addJob(job: Job): JobHandle;
  /** Gives the slot back. Shares of it that are under way still get their verdict. A second call does nothing. */
  releaseJob(handle: JobHandle): void;
  /**
   * Validates all shares of `batch` and calls `onVerdicts`: before returning where the work is done in this thread and
   * nothing submitted earlier is under way, later otherwise. Always in the order of submission.
   * @returns false when the validator is full; nothing was taken then, and `onDrain` tells when to submit again.
   */
  submit(batch: ShareBatch, onVerdicts: VerdictHandler): boolean;
  /** The listener for room after a refused `submit`; replaces the former one. */
  onDrain(listener: () => void): void;
  /**
   * Merkle roots of one extended job for many extranonces at once (the standard channels of a template).
   * @param extranonces count × `extranonceSize` bytes, packed.
   * @returns count × 32 bytes, packed; the caller's own copy.
   * @throws {SharecoreError} `job-unknown`, `job-invalid` (a standard job, or a size above 32).
   */
  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array;
  /** Ends the worker threads, if any. Batches under way are finished first. */
  close(): Promise<void>;
}
