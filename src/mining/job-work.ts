/** What channels of one kind are given of the newest template, and what may be announced to them for the tip after it. */

import type { Channel } from "./channel.ts";
import type { JobTemplate } from "./job-template.ts";
import { MerkleRoots } from "./merkle-roots.ts";
import type { MiningContext } from "./mining-context.ts";
import type { WorkKind } from "./work-kind.ts";

/** A job template with the merkle roots that standard channels have of it. */
export type RootedTemplate = {
  readonly jobTemplate: JobTemplate;
  readonly roots: MerkleRoots;
};

export type JobWork = RootedTemplate & {
  /** True where clients have to learn a new prev_hash with the job. */
  readonly newTip: boolean;
  /** What may be announced for the tip after this one. */
  readonly ahead: RootedTemplate | undefined;
};

/**
 * @param forWhom the standard channels whose merkle roots are computed in one call.
 * @returns undefined before the first template.
 * @throws {BitcoinError}, {MiningError} where no job can be made of the newest template.
 */
export function jobWork(
  { workBook, slots }: Pick<MiningContext, "workBook" | "slots">,
  kind: WorkKind,
  forWhom: { readonly standard: readonly Channel[]; readonly newTip: boolean },
): JobWork | undefined {
  const { standard, newTip } = forWhom;
  const rooted = (jobTemplate: JobTemplate): RootedTemplate => ({
    jobTemplate,
    roots: new MerkleRoots(jobTemplate, standard, slots),
  });
  const jobTemplate = workBook.jobTemplate(kind);
  if (jobTemplate === undefined) return undefined;
  const ahead = workBook.aheadJobTemplate(kind);
  return { ...rooted(jobTemplate), newTip, ahead: ahead === undefined ? undefined : rooted(ahead) };
}
