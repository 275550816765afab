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
  /** The channel's prefix when the job was sent: a later one counts for later jobs (SV2 §5.3.10). */
  readonly extranoncePrefix: Uint8Array;
  /** Standard channels: 32 bytes. */
  readonly merkleRoot: Uint8Array | undefined;
  /** Standard channels: this job in the validator, registered when its first share arrives. */
  standardHandle: JobHandle | undefined;
};

/** A future job that the channel was announced ahead, and that waits for its SetNewPrevHash. */
export type AheadJob = {
  readonly jobId: number;
  readonly extranoncePrefix: Uint8Array;
  /** Standard channels: 32 bytes. */
  readonly merkleRoot: Uint8Array | undefined;
  /** It was addressed to the channel's group. */
  readonly byGroup: boolean;
};
