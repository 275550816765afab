/**
 * What is mined on now: the newest template, the tip it stands on, the job templates made of it, and those of the empty
 * block that may follow it. Says which tip is the present one, so that each job of an older one is stale at once. Leaves
 * to the channels which job ids they gave out.
 */

import { bitsToTarget } from "../bitcoin/target.ts";
import { bytesEqual, toHex } from "../core/bytes.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import type { Logger } from "../core/logger.ts";
import type { Template } from "../templates/template.ts";
import { type AheadWork, aheadWork, StartedWork } from "./ahead-work.ts";
import { MiningError } from "./errors.ts";
import { extendedJobFrameBytes } from "./job-frames.ts";
import { buildJobTemplate, type JobTemplate } from "./job-template.ts";
import type { WorkKind } from "./work-kind.ts";

/** Tips that are recognised when they come back. More than any channel remembers shares of. */
const NAMED_TIPS = 8;

/** Widespread firmware drops the connection on a longer frame. */
export const MAX_JOB_FRAME_BYTES = 8_191;

/** From here on it is said: a coinbase that grows with its outputs is noticed long before the limit. */
export const LARGE_JOB_FRAME_BYTES = 2_048;

/** Widespread firmware drops the connection on more branches. A million transactions: no block has so many. */
export const MAX_MERKLE_BRANCHES = 20;

export type WorkBookOptions = {
  readonly poolTag: string;
};

type Work = {
  readonly template: Template;
  readonly tipEpoch: number;
  readonly tip: number;
  /** Seconds. */
  readonly minNtime: number;
  readonly networkTarget: bigint;
  /** By the kind's key. */
  readonly byKind: Map<string, JobTemplate>;
};

export class WorkBook {
  readonly #logger: Logger;
  #poolTag: string;
  #newest: Work | undefined;
  /** The empty block that may follow the newest template's. */
  #ahead: AheadWork | undefined;
  /** What was announced ahead of the newest template, on whose tip it now starts. */
  #started: StartedWork | undefined;
  /** Names by prev_hash of the last tips, used last last: a tip that comes back keeps its name. */
  readonly #tipNames = new Map<string, number>();
  #largeJobsSaid = false;

  constructor(options: WorkBookOptions, context: { readonly logger: Logger }) {
    this.#poolTag = options.poolTag;
    this.#logger = context.logger;
  }

  /** The newest template, or undefined before the first. */
  get template(): Template | undefined {
    return this.#newest?.template;
  }

  /** Of a block of the newest template; 0 before the first. */
  get networkTarget(): bigint {
    return this.#newest?.networkTarget ?? 0n;
  }

  /** Rises by one with each change of the tip; 0 before the first template. */
  get tipEpoch(): number {
    return this.#newest?.tipEpoch ?? 0;
  }

  /**
   * Takes `template` as the newest, once its jobs of those kinds are made.
   * @returns whether clients have to learn a tip with it: it stands on another block than the one before, by prev_hash,
   * or on the same one with other bits.
   * @throws {BitcoinError}, {MiningError} where no job can be made of it: nothing has changed then.
   */
  setTemplate(template: Template, kinds: Iterable<WorkKind>): boolean {
    const previous = this.#newest;
    const newTip = previous === undefined || !sameTip(previous.template, template);
    const ntime = Math.max(template.curTime, template.minTime);
    const own = { template, networkTarget: bitsToTarget(template.bits), byKind: new Map() };
    const work: Work =
      previous === undefined || newTip
        ? { ...own, ...this.#nextTip(template.prevHash), minNtime: ntime }
        : { ...previous, ...own, minNtime: Math.max(ntime, previous.minNtime) };
    const started = newTip && this.#ahead !== undefined ? StartedWork.of(this.#ahead, work) : undefined;
    for (const kind of kinds) this.#jobTemplateOf(work, kind, started);
    this.#sayLargeJobs(work);
    this.#newest = work;
    this.#started = started;
    this.#ahead = aheadWork(template, this.#ahead);
    if (newTip) this.#rememberTip(template.prevHash, work.tip);
    return newTip;
  }

  /**
   * Whether jobs of those kinds could be made of the newest template with that tag; makes them, and keeps none.
   * @throws {BitcoinError}, {MiningError} where not.
   */
  tryOut(kinds: Iterable<WorkKind>, poolTag: string): void {
    if (this.#newest === undefined) return;
    for (const kind of kinds) builtJobTemplate(this.#newest, kind, poolTag);
  }

  /** Jobs that are made from now on carry that tag. */
  setPoolTag(poolTag: string): void {
    if (poolTag === this.#poolTag) return;
    this.#poolTag = poolTag;
    this.#newest?.byKind.clear();
    this.#ahead?.byKind.clear();
    this.#started = undefined;
  }

  /**
   * The job template of the newest template for that kind; made at the first call.
   * @returns undefined before the first template.
   * @throws {BitcoinError}, {MiningError} where no job can be made of it.
   */
  jobTemplate(kind: WorkKind): JobTemplate | undefined {
    return this.#newest === undefined ? undefined : this.#jobTemplateOf(this.#newest, kind, this.#started);
  }

  /**
   * The job template of the empty block that may follow: a future job, good for one prev_hash only that nobody knows yet.
   * @returns undefined where the source does not say what it may pay.
   */
  aheadJobTemplate(kind: WorkKind): JobTemplate | undefined {
    const ahead = this.#ahead;
    if (ahead === undefined) return undefined;
    let jobTemplate = ahead.byKind.get(kind.key);
    if (jobTemplate === undefined) {
      const { template } = ahead;
      jobTemplate = buildJobTemplate({ template, tipEpoch: 0, tip: 0, minNtime: 0, kind, poolTag: this.#poolTag });
      ahead.byKind.set(kind.key, jobTemplate);
    }
    return jobTemplate;
  }

  /**
   * What became of a job template that was announced ahead, on the present tip.
   * @returns undefined where the tip is not the one that it waited for.
   */
  startedJobTemplate(ahead: JobTemplate): JobTemplate | undefined {
    return this.#started?.jobTemplate(ahead);
  }

  #jobTemplateOf(work: Work, kind: WorkKind, started: StartedWork | undefined): JobTemplate {
    const known = work.byKind.get(kind.key) ?? (started?.isWhole ? started.jobTemplateOfKind(kind) : undefined);
    if (known !== undefined) return known;
    const jobTemplate = builtJobTemplate(work, kind, this.#poolTag);
    work.byKind.set(kind.key, jobTemplate);
    return jobTemplate;
  }

  #sayLargeJobs({ template: { height }, byKind }: Work): void {
    let frameBytes = 0;
    for (const jobTemplate of byKind.values()) frameBytes = Math.max(frameBytes, extendedJobFrameBytes(jobTemplate));
    const large = frameBytes >= LARGE_JOB_FRAME_BYTES;
    if (large && !this.#largeJobsSaid) {
      const limit = MAX_JOB_FRAME_BYTES;
      this.#logger.warn("jobs are large: some firmware drops long ones", { frameBytes, limit, height });
    }
    this.#largeJobsSaid = large;
  }

  #nextTip(prevHash: Uint8Array): { readonly tipEpoch: number; readonly tip: number } {
    const tipEpoch = this.tipEpoch + 1;
    return { tipEpoch, tip: this.#tipNames.get(toHex(prevHash)) ?? tipEpoch };
  }

  #rememberTip(prevHash: Uint8Array, tip: number): void {
    const key = toHex(prevHash);
    this.#tipNames.delete(key);
    this.#tipNames.set(key, tip);
    dropOldest(this.#tipNames, NAMED_TIPS);
  }
}

function builtJobTemplate({ template, tipEpoch, tip, minNtime }: Work, kind: WorkKind, poolTag: string): JobTemplate {
  const jobTemplate = buildJobTemplate({ template, tipEpoch, tip, minNtime, kind, poolTag });
  checkFrame(jobTemplate);
  return jobTemplate;
}

function checkFrame(jobTemplate: JobTemplate): void {
  const branches = jobTemplate.template.merklePath.length;
  if (branches > MAX_MERKLE_BRANCHES) {
    throw new MiningError("job-too-large", `a job of the template would have ${branches} merkle branches`, {
      branches,
      limit: MAX_MERKLE_BRANCHES,
      height: jobTemplate.template.height,
    });
  }
  const frameBytes = extendedJobFrameBytes(jobTemplate);
  if (frameBytes <= MAX_JOB_FRAME_BYTES) return;
  const { template, kind } = jobTemplate;
  throw new MiningError("job-too-large", `a job of the template would take ${frameBytes} bytes`, {
    frameBytes,
    limit: MAX_JOB_FRAME_BYTES,
    height: template.height,
    extranonceBytes: kind.extranonceBytes,
  });
}

/** On a test network the bits change with the time, and clients learn them with prev_hash alone (SV2 §5.3.17). */
function sameTip(one: Template, other: Template): boolean {
  return bytesEqual(one.prevHash, other.prevHash) && one.bits === other.bits;
}
