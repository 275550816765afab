/** The share core in WASM: copies records in and verdicts out, in chunks of what one call takes. */

import type { RecordBatch } from "./record-batch.ts";
import { HASH_BYTES, SHARE_BYTES, VERDICT_BYTES } from "./record-layout.ts";
import type { ShareCore } from "./share-core.ts";
import type { JobHandle } from "./types.ts";
import { CHUNK_SHARES, type WasmCore } from "./wasm-core.ts";

export class WasmShareCore implements ShareCore {
  readonly #core: WasmCore;

  constructor(core: WasmCore) {
    this.#core = core;
  }

  setJob({ slot, generation }: JobHandle, record: Uint8Array): void {
    this.#core.jobStaging(record.length).set(record);
    this.#core.setJob(slot, generation, record.length);
  }

  clearJob({ slot, generation }: JobHandle): void {
    this.#core.clearJob(slot, generation);
  }

  validate({ records, verdicts }: RecordBatch, from: number, to: number): void {
    const core = this.#core;
    for (let start = from; start < to; start += CHUNK_SHARES) {
      const count = Math.min(to - start, CHUNK_SHARES);
      core.shares.set(records.subarray(start * SHARE_BYTES, (start + count) * SHARE_BYTES));
      core.validate(count);
      verdicts.bytes.set(core.verdicts.subarray(0, count * VERDICT_BYTES), start * VERDICT_BYTES);
    }
  }

  merkleRoots(handle: JobHandle, extranonces: Uint8Array, extranonceSize: number): Uint8Array {
    const core = this.#core;
    const total = extranonces.length / extranonceSize;
    const roots = new Uint8Array(total * HASH_BYTES);
    for (let start = 0; start < total; start += CHUNK_SHARES) {
      const count = Math.min(total - start, CHUNK_SHARES);
      core.shares.set(extranonces.subarray(start * extranonceSize, (start + count) * extranonceSize));
      core.merkleRoots(handle, extranonceSize, count);
      roots.set(core.roots.subarray(0, count * HASH_BYTES), start * HASH_BYTES);
    }
    return roots;
  }
}
