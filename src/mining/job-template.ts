/**
 * A template made ready for miners: the coinbase in two halves for one payout and one extranonce size, registered with
 * the share validator once. All jobs that any channel gets of that template refer to it. SV2 §5.1.1, §5.1.2.
 */

import { buildCoinbase } from "../bitcoin/coinbase.ts";
import { bitsToTarget, targetToBytes } from "../bitcoin/target.ts";
import { clearRollableBits } from "../bitcoin/version-rolling.ts";
import type { JobHandle, ShareValidator } from "../sharecore/types.ts";
import type { Template } from "../templates/template.ts";
import { type Payout, payoutOutputs } from "./payout.ts";

export type JobTemplate = {
  readonly template: Template;
  /** Rises with each change of prev_hash, a return to an earlier one too: a job of another epoch is stale. */
  readonly tipEpoch: number;
  /** Names the block that it stands on: the same number for the same block. */
  readonly tip: number;
  /** Bytes between the coinbase halves: extranonce prefix and rollable part together. */
  readonly extranonceBytes: number;
  /** Header version with the rollable bits clear. */
  readonly version: number;
  readonly versionRollingAllowed: boolean;
  /** Seconds; never decreases within a tip. */
  readonly minNtime: number;
  /** 32 bytes, little-endian. */
  readonly networkTarget: Uint8Array;
  /** Coinbase without BIP141 fields, up to the extranonce. */
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseSuffix: Uint8Array;
  /** The extended job in the validator. */
  readonly handle: JobHandle;
};

export type JobTemplateOptions = {
  readonly template: Template;
  readonly tipEpoch: number;
  readonly tip: number;
  readonly minNtime: number;
  readonly extranonceBytes: number;
  readonly payout: Payout;
  readonly poolTag: string;
};

/**
 * Builds the coinbase halves and registers the job.
 * @throws {BitcoinError} where the scriptSig would pass 100 bytes; {SharecoreError} where the validator has no slot.
 */
export function buildJobTemplate(options: JobTemplateOptions, validator: ShareValidator): JobTemplate {
  const { template, extranonceBytes } = options;
  const { prefix, suffix } = buildCoinbase({
    height: template.height,
    poolTag: options.poolTag,
    extranonceSize: extranonceBytes,
    outputs: payoutOutputs(options.payout, template.coinbaseValue),
    witnessCommitment: template.witnessCommitment,
  });
  const version = clearRollableBits(template.version);
  const networkTarget = targetToBytes(bitsToTarget(template.bits));
  const handle = validator.addJob({
    kind: "extended",
    prevHash: template.prevHash,
    version,
    bits: template.bits,
    networkTarget,
    coinbasePrefix: prefix,
    coinbaseSuffix: suffix,
    merklePath: template.merklePath,
  });
  return {
    template,
    tipEpoch: options.tipEpoch,
    tip: options.tip,
    extranonceBytes,
    version,
    versionRollingAllowed: true,
    minNtime: options.minNtime,
    networkTarget,
    coinbasePrefix: prefix,
    coinbaseSuffix: suffix,
    handle,
  };
}
