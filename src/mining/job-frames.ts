/**
 * The frames that carry jobs. An extended job's frame is serialised once per job template; for each channel or group
 * only its two ids are written into a copy. SV2 §5.3.15 to §5.3.17.
 */

import { encodeFrame, FRAME_HEADER_BYTES } from "../wire/frame.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../wire/job-messages.ts";
import type { JobTemplate } from "./job-template.ts";

export type JobAddress = {
  /** The channel or the group. */
  readonly channelId: number;
  readonly jobId: number;
  /** A future job has no min_ntime: it waits for its SetNewPrevHash. */
  readonly future: boolean;
};

type SerializedJob = { future: Uint8Array | undefined; active: Uint8Array | undefined };

const serialized = new WeakMap<JobTemplate, SerializedJob>();

function serialize(jobTemplate: JobTemplate, future: boolean): Uint8Array {
  return encodeFrame(NewExtendedMiningJob, {
    channel_id: 0,
    job_id: 0,
    min_ntime: future ? undefined : jobTemplate.minNtime,
    version: jobTemplate.version,
    version_rolling_allowed: jobTemplate.versionRollingAllowed,
    merkle_path: [...jobTemplate.template.merklePath],
    coinbase_tx_prefix: jobTemplate.coinbasePrefix,
    coinbase_tx_suffix: jobTemplate.coinbaseSuffix,
  });
}

function serializedJob(jobTemplate: JobTemplate, future: boolean): Uint8Array {
  let entry = serialized.get(jobTemplate);
  if (entry === undefined) {
    entry = { future: undefined, active: undefined };
    serialized.set(jobTemplate, entry);
  }
  const kind = future ? "future" : "active";
  entry[kind] ??= serialize(jobTemplate, future);
  return entry[kind];
}

/** Bytes of the longest NewExtendedMiningJob frame of that job template, the header included. */
export function extendedJobFrameBytes(jobTemplate: JobTemplate): number {
  return serializedJob(jobTemplate, false).length;
}

/** A NewExtendedMiningJob for that address. */
export function extendedJobFrame(jobTemplate: JobTemplate, address: JobAddress): Uint8Array {
  const frame = serializedJob(jobTemplate, address.future).slice();
  const ids = new DataView(frame.buffer, frame.byteOffset + FRAME_HEADER_BYTES, 8);
  ids.setUint32(0, address.channelId, true);
  ids.setUint32(4, address.jobId, true);
  return frame;
}

/** A NewMiningJob for that address, over `merkleRoot` (32 bytes). */
export function standardJobFrame(jobTemplate: JobTemplate, merkleRoot: Uint8Array, address: JobAddress): Uint8Array {
  return encodeFrame(NewMiningJob, {
    channel_id: address.channelId,
    job_id: address.jobId,
    min_ntime: address.future ? undefined : jobTemplate.minNtime,
    version: jobTemplate.version,
    merkle_root: merkleRoot,
  });
}

/** The SetNewPrevHash that makes a future job active, to the address that the job had. */
export function newPrevHashFrame(jobTemplate: JobTemplate, address: JobAddress): Uint8Array {
  return encodeFrame(SetNewPrevHash, {
    channel_id: address.channelId,
    job_id: address.jobId,
    prev_hash: jobTemplate.template.prevHash,
    min_ntime: jobTemplate.minNtime,
    nbits: jobTemplate.template.bits,
  });
}
