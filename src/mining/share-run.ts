/**
 * A run of shares on their way through validation: the validator's batch, and beside it, by the same index, what is
 * needed once the hash is known. One run is filled per turn of the event loop and reused afterwards; no object is
 * made per share.
 */

import type { JobHandle, ShareBatch, ShareFields, ShareValidator } from "../sharecore/types.ts";
import type { ShareSubmission } from "../wire/share-fields.ts";
import { MAX_WORKER_NAME_BYTES, NO_WORKER } from "../wire/worker-field.ts";
import type { Channel } from "./channel.ts";
import type { ChannelJob } from "./channel-job.ts";
import type { ShareErrorCode } from "./error-codes.ts";

const MAX_EXTRANONCE_BYTES = 32;

/** No job of the validator has it: generations begin with 1. A share of it gets `VERDICT_UNKNOWN_JOB`. */
const UNREGISTERED: JobHandle = { slot: 0, generation: 0 };

type MutableShareFields = { -readonly [Field in keyof ShareFields]: ShareFields[Field] };

/** A share as it stands in a run: `read` fills it. */
export type RunEntry = {
  channel: Channel;
  /** Undefined where the share named none that is known. */
  job: ChannelJob | undefined;
  /** What the cheap checks found. */
  early: ShareErrorCode | undefined;
  /** Where its verdict stands in the batch; -1 where no header could be built. */
  batchIndex: number;
  sequenceNumber: number;
  version: number;
  ntime: number;
  nonce: number;
  /** The worker's name; empty where it names none. A view that holds until the next `read`. */
  worker: Uint8Array;
};

export class ShareRun {
  readonly batch: ShareBatch;
  readonly #channels: Channel[] = [];
  readonly #jobs: (ChannelJob | undefined)[] = [];
  readonly #early: (ShareErrorCode | undefined)[] = [];
  readonly #capacity: number;
  readonly #batchIndexes: Int32Array;
  readonly #sequenceNumbers: Uint32Array;
  readonly #versions: Uint32Array;
  readonly #ntimes: Uint32Array;
  readonly #nonces: Uint32Array;
  readonly #extranonces: Uint8Array;
  readonly #extranonceLengths: Uint8Array;
  readonly #workers: Uint8Array;
  readonly #workerLengths: Uint8Array;
  readonly #worker = new Uint8Array(MAX_WORKER_NAME_BYTES);
  readonly #workerViews: readonly Uint8Array[] = Array.from({ length: MAX_WORKER_NAME_BYTES + 1 }, (_, length) =>
    this.#worker.subarray(0, length),
  );
  readonly #scratch = new Uint8Array(MAX_EXTRANONCE_BYTES);
  /** Views of the scratch's first 0 to 32 bytes: made once, so that no share makes one. */
  readonly #scratchViews: readonly Uint8Array[] = Array.from({ length: MAX_EXTRANONCE_BYTES + 1 }, (_, length) =>
    this.#scratch.subarray(0, length),
  );
  readonly #pushed: MutableShareFields = {
    job: UNREGISTERED,
    version: 0,
    ntime: 0,
    nonce: 0,
    target: new Uint8Array(32),
    extranonce: this.#scratch,
  };

  /** @param capacity the most shares that it takes. */
  constructor(validator: ShareValidator, capacity: number) {
    this.batch = validator.createBatch(capacity);
    this.#capacity = capacity;
    this.#batchIndexes = new Int32Array(capacity);
    this.#sequenceNumbers = new Uint32Array(capacity);
    this.#versions = new Uint32Array(capacity);
    this.#ntimes = new Uint32Array(capacity);
    this.#nonces = new Uint32Array(capacity);
    this.#extranonces = new Uint8Array(capacity * MAX_EXTRANONCE_BYTES);
    this.#extranonceLengths = new Uint8Array(capacity);
    this.#workers = new Uint8Array(capacity * MAX_WORKER_NAME_BYTES);
    this.#workerLengths = new Uint8Array(capacity);
  }

  get count(): number {
    return this.#channels.length;
  }

  get full(): boolean {
    return this.#channels.length === this.#capacity;
  }

  /** Appends a share that has no header to hash, so that its verdict keeps its place among the others. */
  addUnhashed(channel: Channel, submission: ShareSubmission, early: ShareErrorCode): void {
    const index = this.#channels.length;
    this.#channels[index] = channel;
    this.#jobs[index] = undefined;
    this.#early[index] = early;
    this.#batchIndexes[index] = -1;
    this.#sequenceNumbers[index] = submission.sequenceNumber;
    this.#keepWorker(index, submission.worker);
  }

  /** Appends a share; the caller has seen that the run is not `full`, and that the job has a slot in the validator. */
  add(
    channel: Channel,
    job: ChannelJob,
    share: { readonly submission: ShareSubmission; readonly early: ShareErrorCode | undefined },
  ): void {
    const { submission } = share;
    const index = this.#channels.length;
    const { extranoncePrefix } = job;
    const prefixLength = extranoncePrefix.length;
    const length = prefixLength + submission.extranonce.length;
    this.#scratch.set(extranoncePrefix);
    this.#scratch.set(submission.extranonce, prefixLength);
    this.#extranonces.set(this.#scratch, index * MAX_EXTRANONCE_BYTES);
    this.#extranonceLengths[index] = length;
    this.#channels[index] = channel;
    this.#jobs[index] = job;
    this.#early[index] = share.early;
    this.#sequenceNumbers[index] = submission.sequenceNumber;
    this.#versions[index] = submission.version;
    this.#ntimes[index] = submission.ntime;
    this.#nonces[index] = submission.nonce;
    this.#keepWorker(index, submission.worker);
    const pushed = this.#pushed;
    pushed.job = job.standardHandle ?? job.jobTemplate.handle ?? UNREGISTERED;
    pushed.version = submission.version;
    pushed.ntime = submission.ntime;
    pushed.nonce = submission.nonce;
    pushed.target = job.target;
    pushed.extranonce = this.#scratchViews[job.standardHandle === undefined ? length : 0] ?? this.#scratch;
    this.#batchIndexes[index] = this.batch.push(pushed);
  }

  /** Where the verdict of the share at `index` stands in the batch; -1 where it was not hashed. */
  batchIndex(index: number): number {
    return this.#batchIndexes[index] ?? -1;
  }

  /** Fills `entry` with the share at `index`. */
  read(index: number, entry: RunEntry): void {
    const channel = this.#channels[index];
    if (channel === undefined) throw new RangeError(`the run holds no share ${index}`);
    entry.channel = channel;
    entry.job = this.#jobs[index];
    entry.batchIndex = this.#batchIndexes[index] ?? -1;
    entry.early = this.#early[index];
    entry.sequenceNumber = this.#sequenceNumbers[index] ?? 0;
    entry.version = this.#versions[index] ?? 0;
    entry.ntime = this.#ntimes[index] ?? 0;
    entry.nonce = this.#nonces[index] ?? 0;
    entry.worker = this.#readWorker(index);
  }

  /** A copy of all bytes between the coinbase halves of the share at `index`. */
  extranonce(index: number): Uint8Array {
    const start = index * MAX_EXTRANONCE_BYTES;
    return this.#extranonces.slice(start, start + (this.#extranonceLengths[index] ?? 0));
  }

  /** Of a name that is longer than any may be nothing is kept: its share is refused. */
  #keepWorker(index: number, worker: Uint8Array): void {
    const length = worker.length > MAX_WORKER_NAME_BYTES ? 0 : worker.length;
    this.#workerLengths[index] = length;
    if (length > 0) this.#workers.set(worker, index * MAX_WORKER_NAME_BYTES);
  }

  #readWorker(index: number): Uint8Array {
    const length = this.#workerLengths[index] ?? 0;
    const start = index * MAX_WORKER_NAME_BYTES;
    for (let at = 0; at < length; at += 1) this.#worker[at] = this.#workers[start + at] ?? 0;
    return this.#workerViews[length] ?? NO_WORKER;
  }

  /** Lets go of channels and jobs, once all shares are settled. */
  forget(): void {
    this.#channels.length = 0;
    this.#jobs.length = 0;
    this.#early.length = 0;
  }

  /** Makes a run that was forgotten ready to be filled again; its batch has to be back from the validator. */
  reuse(): this {
    this.batch.clear();
    return this;
  }
}
