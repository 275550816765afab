/**
 * What is mined on now: the newest template, the tip it stands on, and the job templates made of it. Says which tip
 * is the present one, so that each job of an older one is stale at once. Leaves to the channels which job ids they
 * gave out.
 */

import { bytesEqual, toHex } from "../core/bytes.ts";
import type { JobHandle, ShareValidator } from "../sharecore/types.ts";
import type { Template } from "../templates/template.ts";
import { buildJobTemplate, type JobTemplate, type Payout } from "./job-template.ts";

/**
 * Templates whose jobs are still known. A channel gets at least one job of each template and keeps as many jobs, so a
 * kept job's template is always here.
 */
export const KEPT_TEMPLATES = 16;

/** Tips that are recognised when they come back. More than any channel remembers shares of. */
const NAMED_TIPS = 8;

export type WorkBookOptions = {
  readonly payout: Payout;
  readonly poolTag: string;
};

type KeptTemplate = { readonly template: Template; readonly bySize: Map<number, JobTemplate> };

export class WorkBook {
  readonly #options: WorkBookOptions;
  readonly #validator: ShareValidator;
  readonly #release: (handle: JobHandle) => void;
  /** Newest last. */
  readonly #kept: KeptTemplate[] = [];
  #tipEpoch = 0;
  #tip = 0;
  /** Epochs by prev_hash of the last tips, used last last: a tip that comes back keeps its name. */
  readonly #tipNames = new Map<string, number>();
  #minNtime = 0;

  /** @param jobs where jobs are registered, and how their slots are given back. */
  constructor(
    options: WorkBookOptions,
    jobs: { readonly validator: ShareValidator; readonly release: (handle: JobHandle) => void },
  ) {
    this.#options = options;
    this.#validator = jobs.validator;
    this.#release = jobs.release;
  }

  /** The newest template, or undefined before the first. */
  get template(): Template | undefined {
    return this.#kept.at(-1)?.template;
  }

  /** Rises by one with each change of prev_hash; 0 before the first template. */
  get tipEpoch(): number {
    return this.#tipEpoch;
  }

  /** Smallest ntime of jobs made now, in seconds. */
  get minNtime(): number {
    return this.#minNtime;
  }

  /**
   * Takes `template` as the newest. The oldest beyond `KEPT_TEMPLATES` is forgotten.
   * @returns whether it stands on another block than the one before, by prev_hash.
   */
  setTemplate(template: Template): boolean {
    const previous = this.template;
    const newTip = previous === undefined || !bytesEqual(previous.prevHash, template.prevHash);
    const ntime = Math.max(template.curTime, template.minTime);
    this.#minNtime = newTip ? ntime : Math.max(ntime, this.#minNtime);
    if (newTip) {
      this.#tipEpoch += 1;
      this.#tip = this.#nameTip(template.prevHash);
    }
    this.#kept.push({ template, bySize: new Map() });
    if (this.#kept.length > KEPT_TEMPLATES) {
      for (const jobTemplate of this.#kept.shift()?.bySize.values() ?? []) {
        this.#release(jobTemplate.handle);
      }
    }
    return newTip;
  }

  /**
   * The job template of the newest template for that extranonce size; made at the first call.
   * @returns undefined before the first template.
   */
  jobTemplate(extranonceBytes: number): JobTemplate | undefined {
    const newest = this.#kept.at(-1);
    if (newest === undefined) return undefined;
    let jobTemplate = newest.bySize.get(extranonceBytes);
    if (jobTemplate === undefined) {
      jobTemplate = buildJobTemplate(
        {
          template: newest.template,
          tipEpoch: this.#tipEpoch,
          tip: this.#tip,
          minNtime: this.#minNtime,
          extranonceBytes,
          payout: this.#options.payout,
          poolTag: this.#options.poolTag,
        },
        this.#validator,
      );
      newest.bySize.set(extranonceBytes, jobTemplate);
    }
    return jobTemplate;
  }

  #nameTip(prevHash: Uint8Array): number {
    const key = toHex(prevHash);
    const name = this.#tipNames.get(key) ?? this.#tipEpoch;
    this.#tipNames.delete(key);
    this.#tipNames.set(key, name);
    for (const oldest of this.#tipNames.keys()) {
      if (this.#tipNames.size <= NAMED_TIPS) break;
      this.#tipNames.delete(oldest);
    }
    return name;
  }
}
