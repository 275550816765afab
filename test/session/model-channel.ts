/** One channel in the model: what its client was told, and what has to become of each of its shares. */

import type { ShareErrorCode } from "../../src/mining/error-codes.ts";
import type { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { must } from "../support/must.ts";
import {
  type ActiveJob,
  difficultyOf,
  doubleSha256,
  headerOf,
  integerOf,
  type SeenJob,
  type ShareFields,
  targetOfBits,
} from "./model-work.ts";
import { isTooLong, ModelWorkers } from "./model-workers.ts";

/** Jobs of a channel that the pool promises to know. */
const KEPT_JOBS = 16;
const MAX_FUTURE_SECONDS = 7_200;
/** BIP323. */
const ROLLABLE_BITS = 0x1fffffe0;

export type ModelShare = ShareFields & {
  readonly jobId: number;
  readonly sequenceNumber: number;
  /** Of the worker, "" for none. */
  readonly name: string;
};

type UnderWay = {
  readonly share: ModelShare;
  /** Of the worker, as far as it was agreed that shares name it. */
  readonly name: string;
  readonly early: ShareErrorCode | undefined;
  /** Undefined where no header can be built. */
  readonly hashed: { readonly job: ActiveJob; readonly header: Uint8Array; readonly hash: bigint } | undefined;
};

/** What has become of one share. */
export type ModelOutcome = {
  /** Whose the share is. */
  readonly owner: string;
  /** Undefined: accepted. */
  readonly code: ShareErrorCode | undefined;
  readonly credit: number;
  /** The block that it solves: its header, whose it is and whom it pays. */
  readonly block: { readonly header: Uint8Array; readonly owner: string; readonly payee: string } | undefined;
};

export class ModelChannel {
  readonly channelId: number;
  groupId: number;
  readonly kind: "standard" | "extended";
  /** For jobs that are sent from now on. */
  prefix: Uint8Array;
  readonly rollable: number;
  readonly userIdentity: string;
  target: bigint;
  maxTarget: bigint;
  open = true;
  /** An easier target was announced, and the job that has to follow it has not come. */
  owedJob = false;
  tip: { readonly prevHash: Uint8Array; readonly bits: number; readonly number: number } | undefined;
  /** Future jobs that were announced, last last. */
  readonly pending: SeenJob[] = [];
  /** Ids of future jobs that will not start: the pool has other settings since. */
  readonly withdrawn = new Set<number>();
  /** All that were ever active, newest last. */
  readonly jobs: ActiveJob[] = [];
  /** Every share that was sent, to be sent once more. */
  readonly sent: ModelShare[] = [];
  /** Errors that have to come, in this order. */
  readonly due: { readonly sequenceNumber: number; readonly code: ShareErrorCode }[] = [];
  /** Accepted shares that no SubmitShares.Success has named, in their order. */
  readonly unacknowledged: {
    readonly sequenceNumber: number;
    readonly credit: number;
    readonly solvedBlock: boolean;
  }[] = [];
  /** Fraction of a difficulty that no SubmitShares.Success has named. */
  #fraction = 0;
  readonly #workers: ModelWorkers;
  readonly #underWay: UnderWay[] = [];
  /** Accepted hashes by tip. */
  readonly #found = new Map<string, Set<bigint>>();

  constructor(
    fields: Pick<
      ModelChannel,
      "channelId" | "groupId" | "kind" | "prefix" | "rollable" | "userIdentity" | "target" | "maxTarget"
    >,
  ) {
    this.channelId = fields.channelId;
    this.groupId = fields.groupId;
    this.kind = fields.kind;
    this.prefix = fields.prefix;
    this.rollable = fields.rollable;
    this.userIdentity = fields.userIdentity;
    this.#workers = new ModelWorkers(fields.userIdentity);
    this.target = fields.target;
    this.maxTarget = fields.maxTarget;
  }

  /** A job became active: with min_ntime at once, a future one by its SetNewPrevHash. */
  activate(seen: SeenJob, minNtime: number): void {
    const { tip } = this;
    if (tip === undefined) throw new Error("broken: the first job of a channel is a future job");
    this.owedJob = false;
    this.jobs.push({ seen, minNtime, prevHash: tip.prevHash, bits: tip.bits, target: this.target, tip: tip.number });
  }

  /** The pool has the share, and reads that name of it. Its verdict comes with `settle`. */
  receive(share: ModelShare, name: string, nowMs: number): void {
    this.sent.push(share);
    const wrongName = isTooLong(name) ? "invalid-user-identity" : undefined;
    const job = this.jobs.slice(-KEPT_JOBS).find(({ seen }) => seen.jobId === share.jobId);
    if (job === undefined) {
      this.#underWay.push({ share, name, early: wrongName ?? "invalid-job-id", hashed: undefined });
      return;
    }
    const early = wrongName ?? this.#early(job, share, nowMs);
    if (share.extranonce.length !== this.rollable) {
      this.#underWay.push({ share, name, early, hashed: undefined });
      return;
    }
    const header = headerOf(job, share);
    this.#underWay.push({ share, name, early, hashed: { job, header, hash: integerOf(doubleSha256(header)) } });
  }

  /** The verdicts of all shares that the pool has, in their order. */
  settle(): ModelOutcome[] {
    return this.#underWay.splice(0).map(({ share, name, early, hashed }) => {
      const solved = hashed !== undefined && hashed.hash <= targetOfBits(hashed.job.bits);
      const code = early ?? (hashed === undefined ? "invalid-job-id" : this.#late(hashed, solved));
      const meetsJob = hashed !== undefined && hashed.hash <= hashed.job.target;
      const credit = code === undefined && meetsJob ? difficultyOf(hashed.job.target) : 0;
      const { sequenceNumber } = share;
      if (this.open && code === undefined) this.unacknowledged.push({ sequenceNumber, credit, solvedBlock: solved });
      if (this.open && code !== undefined) this.due.push({ sequenceNumber, code });
      const owner = this.#workers.settle(name, code === undefined);
      const found = solved
        ? { header: hashed.header, owner: this.#workers.ownerOf(name), payee: hashed.job.seen.payee }
        : undefined;
      return { owner, code, credit, block: found };
    });
  }

  /** The client was told that a share is rejected. */
  rejected(sequenceNumber: number, code: string): void {
    const due = this.due.shift();
    const wanted = due === undefined ? "none" : `${due.sequenceNumber} ${due.code}`;
    must(wanted === `${sequenceNumber} ${code}`, `the error ${wanted} was due, not ${sequenceNumber} ${code}`);
  }

  /** The client was told that shares are stored. */
  acknowledged(message: SubmitSharesSuccess): void {
    const count = message.new_submits_accepted_count;
    must(count > 0 && count <= this.unacknowledged.length, "no more shares are acknowledged than were accepted");
    const named = this.unacknowledged.splice(0, count);
    must(named.at(-1)?.sequenceNumber === message.last_sequence_number, "the last share is named");
    const sum = named.reduce((all, { credit }) => all + credit, this.#fraction);
    must(message.new_shares_sum === BigInt(Math.floor(sum)), "the sum is that of the shares' difficulties");
    this.#fraction = sum - Math.floor(sum);
  }

  #early(job: ActiveJob, share: ModelShare, nowMs: number): ShareErrorCode | undefined {
    if (job.tip !== this.tip?.number) return "stale-share";
    if (share.extranonce.length !== this.rollable) return "bad-extranonce-size";
    if (share.ntime < job.minNtime || share.ntime > nowMs / 1000 + MAX_FUTURE_SECONDS) return "invalid-timestamp";
    if (((share.version ^ job.seen.version) & ~ROLLABLE_BITS) !== 0) return "invalid-non-rollable-version-bit";
    return undefined;
  }

  #late({ job, hash }: NonNullable<UnderWay["hashed"]>, solved: boolean): ShareErrorCode | undefined {
    const tip = Buffer.from(job.prevHash).toString("hex");
    const found = this.#found.get(tip) ?? new Set();
    this.#found.set(tip, found);
    if (found.has(hash)) return "duplicate-share";
    if (hash > job.target && hash > this.target && !solved) return "difficulty-too-low";
    found.add(hash);
    return undefined;
  }
}
