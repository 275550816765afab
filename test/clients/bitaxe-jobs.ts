/** What a Bitaxe's firmware keeps of jobs: eight slots for future ones, by `job_id % 8`, and what its chips work on. */

import type { PrevHash } from "./messages.ts";

const SLOTS = 8;
/** All the bits that its chips roll, whatever the pool says. */
export const VERSION_MASK = 0x1fffe000;

export type Job = {
  readonly jobId: number;
  readonly version: number;
  readonly root: (extranonce: Uint8Array) => Uint8Array;
  /** Of the merkle path; a standard job does not show it. */
  readonly branches: number | undefined;
};

export type Work = Job & {
  readonly prevHash: Uint8Array;
  readonly ntime: number;
  readonly bits: number;
  /** Of the time at which the job came: a later SetTarget is heeded from the next job on. */
  readonly target: Uint8Array;
};

export function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`the device fails: ${rule}`);
}

export class BitaxeJobs {
  /** That the next job will have. */
  target: Uint8Array = new Uint8Array(32);
  #work: Work | undefined;
  #slots: (Job | undefined)[] = [];
  /** Future jobs whose SetNewPrevHash may still come. */
  readonly #pending = new Set<number>();
  #wantPrevHash = false;
  #prevHash: PrevHash | undefined;
  #activeJobs: number[] = [];

  /** What its chips work on. */
  get work(): Work | undefined {
    return this.#work;
  }

  /** A future job came while another was pending. */
  get wantPrevHash(): boolean {
    return this.#wantPrevHash;
  }

  /** A job. Without a time, or with time 0, it is a future one; so is any before the first SetNewPrevHash. */
  take(minNtime = 0, job: Job): void {
    must((job.version & VERSION_MASK) === 0, "the bits that it rolls by OR are clear in a job's version");
    const taken = [...this.#pending].some((pending) => pending % SLOTS === job.jobId % SLOTS);
    must(!taken, "no job takes the place of one that is pending");
    if (minNtime > 0 && this.#prevHash !== undefined) {
      const { prevHash, bits } = this.#prevHash;
      return this.#mine(job, { prevHash, bits, ntime: minNtime });
    }
    if (this.#pending.size > 0) {
      must(
        this.#prevHash !== undefined,
        "one future job is pending at its first SetNewPrevHash, which starts them all",
      );
      this.#wantPrevHash = true;
    }
    this.#pending.add(job.jobId);
    this.#slots[job.jobId % SLOTS] = job;
  }

  /** SetNewPrevHash. */
  start(message: PrevHash): void {
    this.#prevHash = message;
    const slot = message.jobId % SLOTS;
    const named = this.#slots[slot];
    must(named?.jobId === message.jobId, "SetNewPrevHash names the future job in its slot");
    this.#slots[slot] = undefined;
    this.#pending.clear();
    this.#wantPrevHash = false;
    this.#mine(named, { prevHash: message.prevHash, bits: message.bits, ntime: message.minNtime });
  }

  #mine(job: Job, on: Pick<Work, "prevHash" | "bits" | "ntime">): void {
    must(!this.#activeJobs.includes(job.jobId), "no job id comes twice: the second job is ignored");
    this.#activeJobs = [...this.#activeJobs, job.jobId].slice(-16);
    this.#work = { ...job, ...on, target: this.target };
  }
}
