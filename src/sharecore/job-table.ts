/**
 * The jobs of one validator: hands out slots and generations, and keeps a released slot back until every batch that
 * was submitted before the release has been delivered. So no late share ever meets a newer job, and a share that was
 * submitted in time still gets its verdict.
 */

import { SharecoreError } from "./errors.ts";
import { encodeJob } from "./job-record.ts";
import { MAX_EXTRANONCE_BYTES, MAX_JOB_SLOTS, NO_GENERATION } from "./record-layout.ts";
import type { ShareCore } from "./share-core.ts";
import type { Job, JobHandle } from "./types.ts";

/** 1,000 standard channels with the last 16 jobs of each. */
const DEFAULT_JOB_SLOTS = 16_384;

/** @throws {SharecoreError} `option-invalid`. */
export function resolveJobSlots(jobSlots: number = DEFAULT_JOB_SLOTS): number {
  if (Number.isInteger(jobSlots) && jobSlots >= 1 && jobSlots <= MAX_JOB_SLOTS) return jobSlots;
  throw new SharecoreError(`jobSlots is a whole number from 1 to ${MAX_JOB_SLOTS}`, {
    code: "option-invalid",
    details: { jobSlots },
  });
}

const FREE = 0;
const STANDARD = 1;
const EXTENDED = 2;

export class JobTable {
  readonly slots: number;
  readonly #core: ShareCore;
  readonly #onFree: (handle: JobHandle) => void;
  readonly #generations: Uint32Array;
  /** By slot: the kind of its live job, `FREE` without one. */
  readonly #kinds: Uint8Array;
  /** Slots that were used and are free again, as a stack: the last one freed is the first one used. */
  readonly #freed: Uint32Array;
  #freedCount = 0;
  #neverUsed = 0;
  /** Released jobs that wait for earlier batches, as a ring, in the order of release. */
  readonly #retiring: { readonly slots: Uint32Array; readonly sequences: Float64Array };
  #retiringFirst = 0;
  #retiringCount = 0;

  /**
   * @param options.slots as `resolveJobSlots` gave it.
   * @param options.onFree called when a slot is about to be free, for copies of the job elsewhere.
   */
  constructor(core: ShareCore, options: { slots: number; onFree?: (handle: JobHandle) => void }) {
    const { slots } = options;
    this.slots = slots;
    this.#core = core;
    this.#onFree = options.onFree ?? (() => {});
    this.#generations = new Uint32Array(slots);
    this.#kinds = new Uint8Array(slots);
    this.#freed = new Uint32Array(slots);
    this.#retiring = { slots: new Uint32Array(slots), sequences: new Float64Array(slots) };
  }

  /** @returns the new job's handle and its record, for copies elsewhere. */
  add(job: Job): { readonly handle: JobHandle; readonly record: Uint8Array } {
    const record = encodeJob(job);
    const slot = this.#takeSlot();
    const generation = nextGeneration(this.#generations[slot] ?? NO_GENERATION);
    const handle = { slot, generation };
    this.#generations[slot] = generation;
    this.#kinds[slot] = job.kind === "standard" ? STANDARD : EXTENDED;
    this.#core.setJob(handle, record);
    return { handle, record };
  }

  #takeSlot(): number {
    if (this.#freedCount > 0) {
      this.#freedCount -= 1;
      return this.#freed[this.#freedCount] ?? 0;
    }
    if (this.#neverUsed === this.slots) {
      throw new SharecoreError("all job slots are taken", { code: "job-limit", details: { jobSlots: this.slots } });
    }
    this.#neverUsed += 1;
    return this.#neverUsed - 1;
  }

  /** Whether this generation of the slot holds a job that was not released. */
  isLive(slot: number, generation: number): boolean {
    return this.#kinds[slot] !== FREE && this.#generations[slot] === generation;
  }

  /** @param sequence of the last batch submitted so far: the slot is kept until that one is delivered. */
  release({ slot, generation }: JobHandle, sequence: number): void {
    if (!this.isLive(slot, generation)) return;
    this.#kinds[slot] = FREE;
    const index = (this.#retiringFirst + this.#retiringCount) % this.slots;
    this.#retiring.slots[index] = slot;
    this.#retiring.sequences[index] = sequence;
    this.#retiringCount += 1;
  }

  /** Frees the slots of all jobs whose last possible share is in a batch up to `deliveredSequence`. */
  retire(deliveredSequence: number): void {
    const { slots, sequences } = this.#retiring;
    while (this.#retiringCount > 0 && (sequences[this.#retiringFirst] ?? 0) <= deliveredSequence) {
      const slot = slots[this.#retiringFirst] ?? 0;
      this.#retiringFirst = (this.#retiringFirst + 1) % this.slots;
      this.#retiringCount -= 1;
      const handle = { slot, generation: this.#generations[slot] ?? NO_GENERATION };
      this.#core.clearJob(handle);
      this.#onFree(handle);
      this.#freed[this.#freedCount] = slot;
      this.#freedCount += 1;
    }
  }

  /** As `ShareValidator.merkleRoots`. */
  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    if (!this.isLive(handle.slot, handle.generation)) {
      throw new SharecoreError("the job was released", { code: "job-unknown", details: { ...handle } });
    }
    if (this.#kinds[handle.slot] === STANDARD) {
      throw new SharecoreError("a standard job has one merkle root", { code: "job-invalid" });
    }
    const isSize = Number.isInteger(extranonceSize) && extranonceSize >= 1 && extranonceSize <= MAX_EXTRANONCE_BYTES;
    if (!isSize || extranonces.length % extranonceSize !== 0) {
      throw new SharecoreError(`extranonces are packed, each of 1 to ${MAX_EXTRANONCE_BYTES} bytes`, {
        code: "job-invalid",
        details: { extranonceSize, packedBytes: extranonces.length },
      });
    }
    return this.#core.merkleRoots(handle, extranonces, extranonceSize);
  }
}

/** Counts on, past `NO_GENERATION` when 32 bits are used up. */
function nextGeneration(generation: number): number {
  const next = (generation + 1) >>> 0;
  return next === NO_GENERATION ? next + 1 : next;
}
