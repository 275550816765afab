/**
 * Work for the tip that comes next: an empty block on top of the newest template's, of which everything is known but
 * the prev_hash. Its jobs are announced ahead as future jobs, so that a new tip costs each channel one SetNewPrevHash,
 * and start with exactly the bytes that were sent. SV2 §5.1.3, §5.3.17.
 */

import { bitsToTarget, targetToBytes } from "../bitcoin/target.ts";
import { clearRollableBits } from "../bitcoin/version-rolling.ts";
import type { Template } from "../templates/template.ts";
import type { JobTemplate } from "./job-template.ts";
import type { WorkKind } from "./work-kind.ts";

export type AheadWork = {
  /** The empty block; its prev_hash, bits and times are not known yet. */
  readonly template: Template;
  /** By the kind's key. */
  readonly byKind: Map<string, JobTemplate>;
};

const UNKNOWN_HASH = new Uint8Array(32);

/**
 * The work that may follow `template`.
 * @param present what was announced until now: it is kept where it fits, since it need not be sent again.
 * @returns undefined where the source does not say what an empty block may pay.
 */
export function aheadWork(template: Template, present: AheadWork | undefined): AheadWork | undefined {
  const { nextSubsidy, version, height } = template;
  if (nextSubsidy === undefined) return undefined;
  const known = present?.template;
  const fits = known?.height === height + 1 && known.version === version && known.coinbaseValue === nextSubsidy;
  if (present !== undefined && fits) return present;
  return {
    template: {
      ...template,
      height: height + 1,
      prevHash: UNKNOWN_HASH,
      coinbaseValue: nextSubsidy,
      nextSubsidy: undefined,
      witnessCommitment: undefined,
      transactions: [],
      merklePath: [],
    },
    byKind: new Map(),
  };
}

/** What a new tip is known by. */
type Tip = {
  readonly template: Template;
  readonly tipEpoch: number;
  readonly tip: number;
  readonly minNtime: number;
};

export class StartedWork {
  readonly #ahead: AheadWork;
  readonly #tip: Tip;
  /** By the job template that was announced. */
  readonly #started = new Map<JobTemplate, JobTemplate>();

  /** @returns undefined where that tip is not the one that the work waited for. */
  static of(ahead: AheadWork, tip: Tip): StartedWork | undefined {
    const { height, version, coinbaseValue } = tip.template;
    const waited = ahead.template;
    const fits =
      waited.height === height &&
      clearRollableBits(waited.version) === clearRollableBits(version) &&
      waited.coinbaseValue <= coinbaseValue;
    return fits ? new StartedWork(ahead, tip) : undefined;
  }

  private constructor(ahead: AheadWork, tip: Tip) {
    this.#ahead = ahead;
    this.#tip = tip;
  }

  /** The tip's template is the very block that was announced: no other job has to follow. */
  get isWhole(): boolean {
    const { transactions, witnessCommitment, coinbaseValue } = this.#tip.template;
    const isEmpty = transactions.length === 0 && witnessCommitment === undefined;
    return isEmpty && coinbaseValue === this.#ahead.template.coinbaseValue;
  }

  /** @returns undefined where none of that kind was announced. */
  jobTemplateOfKind(kind: WorkKind): JobTemplate | undefined {
    const announced = this.#ahead.byKind.get(kind.key);
    return announced === undefined ? undefined : this.jobTemplate(announced);
  }

  /** @returns undefined where `announced` waited for another tip. */
  jobTemplate(announced: JobTemplate): JobTemplate | undefined {
    if (this.#ahead.byKind.get(announced.kind.key) !== announced) return undefined;
    let started = this.#started.get(announced);
    if (started === undefined) {
      const { template, tipEpoch, tip, minNtime } = this.#tip;
      const { transactions, merklePath, coinbaseValue, witnessCommitment } = this.#ahead.template;
      started = {
        ...announced,
        template: { ...template, transactions, merklePath, coinbaseValue, witnessCommitment },
        tipEpoch,
        tip,
        minNtime,
        networkTarget: targetToBytes(bitsToTarget(template.bits)),
        references: 0,
        handle: undefined,
      };
      this.#started.set(announced, started);
    }
    return started;
  }
}
