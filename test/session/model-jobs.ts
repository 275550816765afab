/** The jobs of one connection in the model: what it was sent to which address, and which of it is being mined. */

import type { SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { must } from "../support/must.ts";
import type { ModelChannel } from "./model-channel.ts";
import { payeesIn } from "./model-payouts.ts";
import type { SentJob } from "./model-work.ts";

/** Widespread firmware keeps jobs in so many places, by the rest of job_id. */
const FIRMWARE_PLACES = 8;

/** Who is behind an address. */
export interface Addresses {
  /** The open channel of that id; throws where there is none. */
  channel(channelId: number): ModelChannel;
  isGroup(id: number): boolean;
  membersOf(groupId: number): ModelChannel[];
  /** Who has to be paid for the channel now, in hexadecimal; throws where nobody can be. */
  payeeOf(channel: ModelChannel): string;
}

export class ModelJobs {
  readonly #client: Addresses;
  readonly #requiresStandardJobs: boolean;
  readonly #count: (what: string) => void;
  /** By job id: which addresses a job was sent to. */
  readonly #addresses = new Map<number, Set<number>>();
  #lastJobId = 0;

  constructor(
    client: Addresses,
    options: { readonly requiresStandardJobs: boolean; readonly count: (what: string) => void },
  ) {
    this.#client = client;
    this.#requiresStandardJobs = options.requiresStandardJobs;
    this.#count = options.count;
  }

  announced(address: number, job: SentJob): void {
    const addresses = this.#addresses.get(job.jobId);
    if (addresses?.has(address) === false) this.#count("late member");
    const again = addresses !== undefined && job.minNtime === undefined;
    // A channel that joins a group gets the job that is pending there under the channel's own id.
    must(job.jobId > this.#lastJobId || again, "job ids rise over the connection");
    this.#lastJobId = Math.max(this.#lastJobId, job.jobId);
    this.#addresses.set(job.jobId, (addresses ?? new Set()).add(address));
    must((job.version & 0x1fffffe0) === 0, "job versions have the rollable bits clear");
    const group = this.#client.isGroup(address);
    const addressed = group ? this.#client.membersOf(address) : [this.#client.channel(address)];
    must(!group || addressed.length >= 2, "a job is addressed to a group from two members on");
    must(!group || (job.kind === "extended" && !this.#requiresStandardJobs), "a group is sent extended jobs");
    for (const channel of addressed) {
      must(group || job.kind === channel.kind, "a channel is sent jobs of its own kind");
      must(!channel.jobs.some(({ seen }) => seen.jobId === job.jobId), "no job is sent twice to a channel");
      const payee = this.#client.payeeOf(channel);
      must(job.kind === "standard" || payeesIn(job.suffix) === payee, "a job pays whom its channel's identity says");
      const seen = { ...job, extranoncePrefix: channel.prefix, payee };
      if (job.minNtime === undefined) {
        channel.pending.push(seen);
        continue;
      }
      const pending = channel.pending.filter((future) => !channel.withdrawn.has(future.jobId));
      const overwrites = pending.some((future) => (future.jobId - job.jobId) % FIRMWARE_PLACES === 0);
      must(!overwrites, "no job takes the place of the one that was announced ahead");
      const newest = channel.jobs.at(-1)?.minNtime ?? 0;
      must(job.minNtime >= newest, "min_ntime does not decrease within a tip");
      channel.activate(seen, job.minNtime);
    }
  }

  newTip({ channel_id, job_id, prev_hash, nbits, min_ntime }: SetNewPrevHash): void {
    const group = this.#client.isGroup(channel_id);
    const addressed = group ? this.#client.membersOf(channel_id) : [this.#client.channel(channel_id)];
    must(addressed.length > 0, "nothing is sent to a group without members");
    must(this.#addresses.get(job_id)?.has(channel_id) === true, "SetNewPrevHash goes where its future job went");
    if (job_id < this.#lastJobId) this.#count("job announced ahead");
    for (const channel of addressed) {
      const job = channel.pending.at(-1);
      must(job?.jobId === job_id, "SetNewPrevHash names the future job that the channel was sent last");
      channel.pending.length = 0;
      channel.tip = { prevHash: prev_hash, bits: nbits, number: (channel.tip?.number ?? 0) + 1 };
      channel.activate(job, min_ntime);
    }
  }
}
