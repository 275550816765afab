/** One share, judged at once: for programs that check a share now and then. */

import { SharecoreError } from "./errors.ts";
import { InlineValidator } from "./inline-validator.ts";
import type { Job } from "./types.ts";
import { VERDICT_MEETS_NETWORK_TARGET, VERDICT_MEETS_SHARE_TARGET, VERDICT_UNKNOWN_JOB } from "./types.ts";
import { WasmCore } from "./wasm-core.ts";
import { loadModule } from "./wasm-module.ts";
import { WasmShareCore } from "./wasm-share-core.ts";

/** What a miner sends back for a job, and the target that it was given. */
export type SingleShare = {
  readonly version: number;
  readonly ntime: number;
  readonly nonce: number;
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array;
  /** All bytes between coinbase prefix and suffix, 0 to 32; none for a standard job. */
  readonly extranonce?: Uint8Array;
};

export type SingleVerdict = {
  readonly meetsShareTarget: boolean;
  readonly meetsNetworkTarget: boolean;
  /** The 32-byte header hash, little-endian as an integer; explorers print it reversed. */
  readonly hash: Uint8Array;
};

/** One per thread, made at the first call. */
let validator: InlineValidator | undefined;

const NO_BYTES = new Uint8Array(0);

/**
 * Builds the header of a share and compares its hash with both targets. For many shares make a validator with
 * `createValidator`: it keeps what the shares of a job have in common.
 * @throws {SharecoreError} `job-invalid`, `share-invalid` (a length is wrong, or a standard job's share brings an
 * extranonce), `core-unusable`.
 */
export function validateShare(job: Job, share: SingleShare): SingleVerdict {
  validator ??= makeValidator();
  const batch = validator.createBatch(1);
  if (!(share.target instanceof Uint8Array)) {
    throw new SharecoreError("the share's target is no Uint8Array", { code: "share-invalid" });
  }
  const handle = validator.addJob(job);
  try {
    batch.push({ ...share, job: handle, extranonce: share.extranonce ?? NO_BYTES });
    let flags = VERDICT_UNKNOWN_JOB;
    let hash = NO_BYTES;
    validator.submit(batch, (verdicts) => {
      flags = verdicts.flags(0);
      hash = verdicts.hash(0).slice();
    });
    if ((flags & VERDICT_UNKNOWN_JOB) !== 0) {
      throw new SharecoreError("a share of a standard job has no extranonce", { code: "share-invalid" });
    }
    return {
      meetsShareTarget: (flags & VERDICT_MEETS_SHARE_TARGET) !== 0,
      meetsNetworkTarget: (flags & VERDICT_MEETS_NETWORK_TARGET) !== 0,
      hash,
    };
  } finally {
    validator.releaseJob(handle);
  }
}

function makeValidator(): InlineValidator {
  const jobSlots = 1;
  const core = new WasmCore(loadModule(), { jobSlots, scalar: false });
  return new InlineValidator(new WasmShareCore(core), { backend: "wasm", jobSlots });
}
