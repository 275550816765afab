/** Channels of one connection that share their jobs: one frame then serves all of them. SV2 §5.2.3. */

import type { JobTemplate } from "./job-template.ts";
import type { WorkKind } from "./work-kind.ts";

/** A future job that all members were announced and that waits for its SetNewPrevHash. */
export type AnnouncedJob = { readonly jobId: number; readonly jobTemplate: JobTemplate };

export type Group<Member> = {
  readonly groupChannelId: number;
  /** What its members have in common: the full extranonce size, and who is paid. */
  kind: WorkKind;
  readonly members: Set<Member>;
  /** "withdrawn": clients have one still that will not start, so the next tip comes before another is announced. */
  ahead: AnnouncedJob | "withdrawn" | undefined;
};
