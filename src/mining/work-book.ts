/**
 * What is mined on now: the newest template, the tip it stands on, and the job templates made of it. Says which tip
 * is the present one, so that each job of an older one is stale at once. Leaves to the channels which job ids they
 * gave out.
 */

import { bitsToTarget } from "../bitcoin/target.ts";
import { bytesEqual, toHex } from "../core/bytes.ts";
import type { Logger } from "../core/logger.ts";
import type { JobHandle, ShareValidator } from "../sharecore/types.ts";
import type { Template } from "../templates/template.ts";
import { MiningError } from "./errors.ts";
import { extendedJobFrameBytes } from "./job-frames.ts";
import { buildJobTemplate, type JobTemplate } from "./job-template.ts";
import type { Payout } from "./payout.ts";

/**
 * Templates whose jobs are still known. A channel gets at least one job of each template and keeps as many jobs, so a
 * kept job's template is always here.
 */
export const KEPT_TEMPLATES = 16;

/** Tips that are recognised when they come back. More than any channel remembers shares of. */
const NAMED_TIPS = 8;

/** Widespread firmware drops the connection on a longer frame. */
export const MAX_JOB_FRAME_BYTES = 8_191;

/** From here on it is said: a coinbase that grows with its outputs is noticed long before the limit. */
export const LARGE_JOB_FRAME_BYTES = 2_048;

export type WorkBookOptions = {
  readonly payout: Payout;
  readonly poolTag: string;
};

type KeptTemplate = {
  readonly template: Template;
  readonly tipEpoch: number;
  readonly tip: number;
  /** Seconds. */
  readonly minNtime: number;
  readonly networkTarget: bigint;
  readonly bySize: Map<number, JobTemplate>;
};

export class WorkBook {
  readonly #options: WorkBookOptions;
  readonly #validator: ShareValidator;
  readonly #release: (handle: JobHandle) => void;
  readonly #logger: Logger;
  /** Newest last. */
  readonly #kept: KeptTemplate[] = [];
  /** Names by prev_hash of the last tips, used last last: a tip that comes back keeps its name. */
  readonly #tipNames = new Map<string, number>();
  #largeJobsSaid = false;

  /** @param context where jobs are registered, and how their slots are given back. */
  constructor(
    options: WorkBookOptions,
    context: {
      readonly validator: ShareValidator;
      readonly release: (handle: JobHandle) => void;
      readonly logger: Logger;
    },
  ) {
    this.#options = options;
    this.#validator = context.validator;
    this.#release = context.release;
    this.#logger = context.logger;
  }

  /** The newest template, or undefined before the first. */
  get template(): Template | undefined {
    return this.#kept.at(-1)?.template;
  }

  /** Of a block of the newest template; 0 before the first. */
  get networkTarget(): bigint {
    return this.#kept.at(-1)?.networkTarget ?? 0n;
  }

  /** Rises by one with each change of prev_hash; 0 before the first template. */
  get tipEpoch(): number {
    return this.#kept.at(-1)?.tipEpoch ?? 0;
  }

  /**
   * Takes `template` as the newest, once its jobs for those extranonce sizes are made. The oldest beyond
   * `KEPT_TEMPLATES` is forgotten.
   * @returns whether it stands on another block than the one before, by prev_hash.
   * @throws {BitcoinError}, {MiningError}, {SharecoreError} where no job can be made of it: nothing has changed then.
   */
  setTemplate(template: Template, extranonceSizes: Iterable<number>): boolean {
    const previous = this.#kept.at(-1);
    const newTip = previous === undefined || !bytesEqual(previous.template.prevHash, template.prevHash);
    const ntime = Math.max(template.curTime, template.minTime);
    const own = { template, networkTarget: bitsToTarget(template.bits), bySize: new Map() };
    const kept: KeptTemplate =
      previous === undefined || newTip
        ? { ...own, ...this.#nextTip(template.prevHash), minNtime: ntime }
        : { ...previous, ...own, minNtime: Math.max(ntime, previous.minNtime) };
    try {
      for (const extranonceBytes of extranonceSizes) this.#jobTemplateOf(kept, extranonceBytes);
    } catch (error) {
      this.#releaseJobs(kept);
      throw error;
    }
    this.#sayLargeJobs(kept);
    this.#kept.push(kept);
    if (newTip) this.#rememberTip(template.prevHash, kept.tip);
    if (this.#kept.length > KEPT_TEMPLATES) this.#releaseJobs(this.#kept.shift());
    return newTip;
  }

  /**
   * The job template of the newest template for that extranonce size; made at the first call.
   * @returns undefined before the first template.
   * @throws {BitcoinError}, {MiningError}, {SharecoreError} where no job can be made of it.
   */
  jobTemplate(extranonceBytes: number): JobTemplate | undefined {
    const newest = this.#kept.at(-1);
    return newest === undefined ? undefined : this.#jobTemplateOf(newest, extranonceBytes);
  }

  #jobTemplateOf(kept: KeptTemplate, extranonceBytes: number): JobTemplate {
    const known = kept.bySize.get(extranonceBytes);
    if (known !== undefined) return known;
    const { template, tipEpoch, tip, minNtime } = kept;
    const { payout, poolTag } = this.#options;
    const jobTemplate = buildJobTemplate(
      { template, tipEpoch, tip, minNtime, extranonceBytes, payout, poolTag },
      this.#validator,
    );
    this.#checkFrame(jobTemplate);
    kept.bySize.set(extranonceBytes, jobTemplate);
    return jobTemplate;
  }

  #checkFrame(jobTemplate: JobTemplate): void {
    const frameBytes = extendedJobFrameBytes(jobTemplate);
    if (frameBytes <= MAX_JOB_FRAME_BYTES) return;
    this.#release(jobTemplate.handle);
    const { template, extranonceBytes } = jobTemplate;
    throw new MiningError("job-too-large", `a job of the template would take ${frameBytes} bytes`, {
      frameBytes,
      limit: MAX_JOB_FRAME_BYTES,
      height: template.height,
      extranonceBytes,
    });
  }

  #sayLargeJobs({ template: { height }, bySize }: KeptTemplate): void {
    const frameBytes = Math.max(0, ...[...bySize.values()].map(extendedJobFrameBytes));
    const large = frameBytes >= LARGE_JOB_FRAME_BYTES;
    if (large && !this.#largeJobsSaid) {
      const limit = MAX_JOB_FRAME_BYTES;
      this.#logger.warn("jobs are large: some firmware drops long ones", { frameBytes, limit, height });
    }
    this.#largeJobsSaid = large;
  }

  #releaseJobs(kept: KeptTemplate | undefined): void {
    for (const jobTemplate of kept?.bySize.values() ?? []) this.#release(jobTemplate.handle);
  }

  #nextTip(prevHash: Uint8Array): { readonly tipEpoch: number; readonly tip: number } {
    const tipEpoch = this.tipEpoch + 1;
    return { tipEpoch, tip: this.#tipNames.get(toHex(prevHash)) ?? tipEpoch };
  }

  #rememberTip(prevHash: Uint8Array, tip: number): void {
    const key = toHex(prevHash);
    this.#tipNames.delete(key);
    this.#tipNames.set(key, tip);
    for (const oldest of this.#tipNames.keys()) {
      if (this.#tipNames.size <= NAMED_TIPS) break;
      this.#tipNames.delete(oldest);
    }
  }
}
