/**
 * Which jobs the share validator knows. A job template takes a slot when its first share comes, or for the moment in
 * which merkle roots are computed of it, and gives it back when no channel has a job of it any more; so a pool with
 * thousands of payouts costs the slots of those that send shares. Standard jobs take slots of their own.
 */

import type { JobHandle, ShareValidator } from "../sharecore/types.ts";
import type { ChannelJob } from "./channel-job.ts";
import { extendedJobOf, type JobTemplate } from "./job-template.ts";

/**
 * Slots that standard channels' jobs may take, by default: half of what the server reserves. With 16 jobs each they
 * serve 4,000 channels that all send shares on all of their jobs.
 */
export const MAX_STANDARD_JOBS = 65_536;

/**
 * Slots that job templates may take, by default. One more takes the place of the one that was registered first, which
 * takes a slot again with its next share. 3,000 payouts that all send shares on all of their 16 jobs.
 */
export const MAX_REGISTERED_TEMPLATES = 49_152;

export type JobSlotsOptions = {
  readonly validator: ShareValidator;
  /** Gives a slot back once every share that was taken before is with the validator. */
  readonly release: (handle: JobHandle) => void;
  readonly maxStandardJobs?: number;
  readonly maxRegisteredTemplates?: number;
};

export class JobSlots {
  readonly #validator: ShareValidator;
  readonly #release: (handle: JobHandle) => void;
  readonly #maxStandardJobs: number;
  readonly #maxRegisteredTemplates: number;
  /** In the order of their registration. */
  readonly #registered = new Set<JobTemplate>();
  #standardJobs = 0;

  constructor(options: JobSlotsOptions) {
    this.#validator = options.validator;
    this.#release = options.release;
    this.#maxStandardJobs = options.maxStandardJobs ?? MAX_STANDARD_JOBS;
    this.#maxRegisteredTemplates = options.maxRegisteredTemplates ?? MAX_REGISTERED_TEMPLATES;
  }

  /** One more job refers to the template. */
  retain(jobTemplate: JobTemplate): void {
    jobTemplate.references += 1;
  }

  /** A job is forgotten: its own slot goes back, and the template's with the last job of it. */
  forget(job: ChannelJob): void {
    if (job.standardHandle !== undefined) {
      this.#standardJobs -= 1;
      this.#release(job.standardHandle);
      job.standardHandle = undefined;
    }
    const { jobTemplate } = job;
    jobTemplate.references -= 1;
    if (jobTemplate.references === 0) this.#unregister(jobTemplate);
  }

  /**
   * Sees to it that shares of the job can be validated: a standard channel's job takes a slot of its own where one is
   * left, since that costs the validator least; all others are validated over their coinbase.
   */
  prepare(job: ChannelJob): void {
    if (job.standardHandle !== undefined) return;
    if (job.merkleRoot !== undefined && this.#standardJobs < this.#maxStandardJobs) {
      return this.#registerStandard(job, job.merkleRoot);
    }
    if (job.jobTemplate.handle === undefined) this.#register(job.jobTemplate);
  }

  /**
   * Merkle roots of one job template for many extranonces at once.
   * @param extranonces packed, each as long as the template's kind says.
   * @returns 32 bytes each, packed.
   */
  merkleRoots(jobTemplate: JobTemplate, extranonces: Uint8Array): Uint8Array {
    const { handle } = jobTemplate;
    const { extranonceBytes } = jobTemplate.kind;
    if (handle !== undefined) return this.#validator.merkleRoots(handle, extranonces, extranonceBytes);
    const passing = this.#validator.addJob(extendedJobOf(jobTemplate));
    try {
      return this.#validator.merkleRoots(passing, extranonces, extranonceBytes);
    } finally {
      // No share was taken of it, so nothing has to be waited for.
      this.#validator.releaseJob(passing);
    }
  }

  #registerStandard(job: ChannelJob, merkleRoot: Uint8Array): void {
    this.#standardJobs += 1;
    const { template, version, networkTarget } = job.jobTemplate;
    job.standardHandle = this.#validator.addJob({
      kind: "standard",
      prevHash: template.prevHash,
      merkleRoot,
      version,
      bits: template.bits,
      networkTarget,
    });
  }

  #register(jobTemplate: JobTemplate): void {
    if (this.#registered.size >= this.#maxRegisteredTemplates) {
      for (const first of this.#registered) {
        this.#unregister(first);
        break;
      }
    }
    jobTemplate.handle = this.#validator.addJob(extendedJobOf(jobTemplate));
    this.#registered.add(jobTemplate);
  }

  #unregister(jobTemplate: JobTemplate): void {
    if (jobTemplate.handle === undefined) return;
    this.#release(jobTemplate.handle);
    jobTemplate.handle = undefined;
    this.#registered.delete(jobTemplate);
  }
}
