/** The verdicts of one batch, in memory that belongs to the batch and is used again for its next round. */

import { HASH_BYTES, VERDICT_BYTES, VERDICT_FLAGS, VERDICT_HASH } from "./record-layout.ts";
import type { VerdictBatch } from "./types.ts";

export class VerdictStore implements VerdictBatch {
  /** `VERDICT_BYTES` for each share. */
  readonly bytes: Uint8Array;
  count = 0;
  readonly #view: DataView;
  /** Views of the hashes, each made when it is first asked for: no share allocates one twice. */
  readonly #hashes: Uint8Array[] = [];

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity * VERDICT_BYTES);
    this.#view = new DataView(this.bytes.buffer);
  }

  flags(index: number): number {
    return this.#view.getUint32(this.#offsetOf(index) + VERDICT_FLAGS, true);
  }

  hash(index: number): Uint8Array {
    const start = this.#offsetOf(index) + VERDICT_HASH;
    let hash = this.#hashes[index];
    if (hash === undefined) {
      hash = this.bytes.subarray(start, start + HASH_BYTES);
      this.#hashes[index] = hash;
    }
    return hash;
  }

  #offsetOf(index: number): number {
    if (index >= 0 && index < this.count) return index * VERDICT_BYTES;
    throw new RangeError(`no verdict ${index}: the batch has ${this.count}`);
  }
}
