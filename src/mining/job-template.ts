/**
 * A template made ready for miners: the coinbase in two halves for one payout and one extranonce size. All jobs that any
 * channel gets of that template refer to it. SV2 §5.1.1, §5.1.2.
 */

import { buildCoinbase } from "../bitcoin/coinbase.ts";
import { bitsToTarget, targetToBytes } from "../bitcoin/target.ts";
import { clearRollableBits } from "../bitcoin/version-rolling.ts";
import type { ExtendedJob, JobHandle } from "../sharecore/types.ts";
import type { Template } from "../templates/template.ts";
import { payoutOutputs } from "./payout.ts";
import type { WorkKind } from "./work-kind.ts";

export type JobTemplate = {
  readonly template: Template;
  /** Rises with each change of prev_hash, a return to an earlier one too: a job of another epoch is stale. */
  readonly tipEpoch: number;
  /** Names the block that it stands on: the same number for the same block. */
  readonly tip: number;
  readonly kind: WorkKind;
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
  /** Jobs of channels that refer to it. */
  references: number;
  /** The extended job in the validator, while it has a slot there. */
  handle: JobHandle | undefined;
};

export type JobTemplateOptions = {
  readonly template: Template;
  readonly tipEpoch: number;
  readonly tip: number;
  readonly minNtime: number;
  readonly kind: WorkKind;
  readonly poolTag: string;
};

/**
 * Builds the coinbase halves.
 * @throws {BitcoinError} where the scriptSig would pass 100 bytes.
 */
export function buildJobTemplate(options: JobTemplateOptions): JobTemplate {
  const { template, kind } = options;
  const { prefix, suffix } = buildCoinbase({
    height: template.height,
    poolTag: options.poolTag,
    extranonceSize: kind.extranonceBytes,
    outputs: payoutOutputs(kind.payout, template.coinbaseValue),
    witnessCommitment: template.witnessCommitment,
  });
  return {
    template,
    tipEpoch: options.tipEpoch,
    tip: options.tip,
    kind,
    version: clearRollableBits(template.version),
    versionRollingAllowed: true,
    minNtime: options.minNtime,
    networkTarget: targetToBytes(bitsToTarget(template.bits)),
    coinbasePrefix: prefix,
    coinbaseSuffix: suffix,
    references: 0,
    handle: undefined,
  };
}

/** The job as the share validator takes it. */
export function extendedJobOf(jobTemplate: JobTemplate): ExtendedJob {
  const { template, version, networkTarget, coinbasePrefix, coinbaseSuffix } = jobTemplate;
  const { prevHash, bits, merklePath } = template;
  return { kind: "extended", prevHash, version, bits, networkTarget, coinbasePrefix, coinbaseSuffix, merklePath };
}
