/** One job as one channel has it, with the target that it was given. */

import type { JobHandle } from "../sharecore/types.ts";
import type { JobTemplate } from "./job-template.ts";

export type ChannelJob = {
  readonly jobId: number;
  readonly jobTemplate: JobTemplate;
  /** Bound when the job became active, and stable from then on (SV2 §5.3.21): 32 bytes, little-endian. */
  readonly target: Uint8Array;
  /** What a share that meets `target` is credited with. */
  readonly difficulty: number;
  /** Standard channels: 32 bytes. */
  readonly merkleRoot: Uint8Array | undefined;
  /** Standard channels: this job in the validator, registered when its first share arrives. */
  standardHandle: JobHandle | undefined;
};
