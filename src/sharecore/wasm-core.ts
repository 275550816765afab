/**
 * One instance of the WASM core with typed views of its memory. Inputs are written into the views, then a call with
 * numbers works on them. Memory can grow in a call; the views are made anew then, so take them afresh after each.
 */

import { SharecoreError } from "./errors.ts";
import { HASH_BYTES, SHARE_BYTES, VERDICT_BYTES } from "./record-layout.ts";
import { type CompiledCore, type CoreExports, instantiate } from "./wasm-module.ts";

/**
 * Shares per call into the core; larger batches take several calls. At this number the call's own cost is far below a
 * thousandth, and the records (96 KiB) stay in a core's second-level cache.
 */
export const CHUNK_SHARES = 1024;

/**
 * Up to so many shares are hashed one at a time: four lanes cost about as much as two shares one after the other,
 * however few of the lanes are used.
 */
const SCALAR_SHARES = 2;

export class WasmCore {
  readonly #exports: CoreExports;
  readonly #scalarShares: number;
  #buffer: ArrayBuffer;
  /** `CHUNK_SHARES` records; also the input of `merkleRoots`. */
  shares: Uint8Array;
  /** `CHUNK_SHARES` records. */
  verdicts: Uint8Array;
  /** `CHUNK_SHARES` hashes. */
  roots: Uint8Array;

  /** @param options.scalar never four shares at a time. */
  constructor(module: CompiledCore, options: { jobSlots: number; scalar: boolean }) {
    const exports = instantiate(module);
    this.#exports = exports;
    this.#scalarShares = options.scalar ? CHUNK_SHARES : SCALAR_SHARES;
    const { jobSlots } = options;
    const status = exports.reserve(jobSlots, CHUNK_SHARES);
    if (status !== 0) throw refusal("reserve", { status, jobSlots });
    this.#buffer = exports.memory.buffer;
    this.shares = this.#region(exports.shares_ptr(), SHARE_BYTES);
    this.verdicts = this.#region(exports.verdicts_ptr(), VERDICT_BYTES);
    this.roots = this.#region(exports.roots_ptr(), HASH_BYTES);
  }

  #region(address: number, recordBytes: number): Uint8Array {
    return new Uint8Array(this.#buffer, address >>> 0, CHUNK_SHARES * recordBytes);
  }

  /** Where to write a job's record before `setJob`; valid until the next call. */
  jobStaging(lengthBytes: number): Uint8Array {
    const address = this.#exports.job_ptr(lengthBytes) >>> 0;
    if (address === 0) throw refusal("job_ptr", { lengthBytes });
    this.#refreshViews();
    return new Uint8Array(this.#buffer, address, lengthBytes);
  }

  setJob(slot: number, generation: number, lengthBytes: number): void {
    const status = this.#exports.set_job(slot, generation, lengthBytes);
    this.#refreshViews();
    if (status !== 0) throw refusal("set_job", { status, slot, lengthBytes });
  }

  clearJob(slot: number, generation: number): void {
    this.#exports.clear_job(slot, generation);
  }

  /** Judges the first `count` of `shares` into `verdicts`. */
  validate(count: number): void {
    if (count > this.#scalarShares) this.#exports.validate(count);
    else this.#exports.validate_scalar(count);
    this.#refreshViews();
  }

  /** `count` × `extranonceSize` bytes at the start of `shares` become `count` hashes in `roots`. */
  merkleRoots(handle: { slot: number; generation: number }, extranonceSize: number, count: number): void {
    const { slot, generation } = handle;
    const status = this.#exports.merkle_roots(slot, generation, extranonceSize, count);
    this.#refreshViews();
    if (status !== 0) throw refusal("merkle_roots", { status, slot, extranonceSize, count });
  }

  #refreshViews(): void {
    const { memory, shares_ptr, verdicts_ptr, roots_ptr } = this.#exports;
    if (memory.buffer === this.#buffer) return;
    this.#buffer = memory.buffer;
    this.shares = this.#region(shares_ptr(), SHARE_BYTES);
    this.verdicts = this.#region(verdicts_ptr(), VERDICT_BYTES);
    this.roots = this.#region(roots_ptr(), HASH_BYTES);
  }
}

/** The core answered a call that this side had checked: both sides disagree, or memory is at its end. */
function refusal(call: string, details: Record<string, number>): SharecoreError {
  return new SharecoreError("the WebAssembly core refused a call", {
    code: "core-unusable",
    details: { call, ...details },
  });
}
