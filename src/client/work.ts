/**
 * The jobs that a channel was given and the header to mine on now, as a client has to understand NewMiningJob,
 * NewExtendedMiningJob, SetNewPrevHash and SetTarget: a future job waits for its prev_hash, and a job's target is the
 * one in force when it became active. SV2 §5.3.15 to §5.3.17, §5.3.21.
 */

import { serializeHeader } from "../bitcoin/header.ts";
import { bitsToTarget, targetToBytes } from "../bitcoin/target.ts";
import { concatBytes } from "../core/bytes.ts";
import { dropOldest } from "../core/drop-oldest.ts";
import { hashHeader, merkleRootFromPath, sha256d } from "../sharecore/index.ts";
import type { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../wire/job-messages.ts";

export type ReceivedJob =
  | { readonly kind: "standard"; readonly message: NewMiningJob }
  | { readonly kind: "extended"; readonly message: NewExtendedMiningJob };

/** A job, and the extranonce prefix that was in force when it came. */
type KnownJob = { readonly job: ReceivedJob; readonly extranoncePrefix: Uint8Array };

type Tip = { readonly prevHash: Uint8Array; readonly bits: number };

/** A job with everything that it takes to mine on it. */
type ActiveJob = KnownJob &
  Tip & {
    readonly minNtime: number;
    /** 32 bytes, little-endian. */
    readonly target: Uint8Array;
    /** The number of its first unit. */
    readonly firstUnit: number;
  };

/** A header to search, and the fields that a share of it carries. */
export type WorkUnit = {
  readonly jobId: number;
  /** 80 bytes with nonce 0. */
  readonly header: Uint8Array;
  readonly version: number;
  readonly ntime: number;
  /** The rolled part alone; empty on a standard channel. */
  readonly extranonce: Uint8Array;
  /** 32 bytes: the share target. */
  readonly target: Uint8Array;
  /** 32 bytes: the network's. */
  readonly networkTarget: Uint8Array;
};

/** Version bits that are rolled, as most hardware does; a part of BIP323's 0x1fffffe0. */
const ROLLED_VERSION_SHIFT = 13;
const ROLLED_VERSIONS = 0x10000;
export const ROLLED_VERSION_MASK: number = (ROLLED_VERSIONS - 1) << ROLLED_VERSION_SHIFT;

/** Future jobs that are remembered until a SetNewPrevHash names one, the latest ones. A pool sends one or two. */
export const MAX_FUTURE_JOBS = 8;

export class Work {
  readonly #rollableBytes: number;
  readonly #fixedVersion: boolean;
  readonly #future = new Map<number, KnownJob>();
  #extranoncePrefix: Uint8Array;
  #target: Uint8Array;
  #tip: Tip | undefined;
  #active: ActiveJob | undefined;
  #units = 0;

  constructor(options: {
    readonly target: Uint8Array;
    readonly extranoncePrefix: Uint8Array;
    readonly rollableBytes: number;
    /** The pool demands that versions are not rolled: REQUIRES_FIXED_VERSION, SV2 §5.3.1. */
    readonly fixedVersion: boolean;
  }) {
    this.#target = options.target;
    this.#extranoncePrefix = options.extranoncePrefix;
    this.#rollableBytes = options.rollableBytes;
    this.#fixedVersion = options.fixedVersion;
  }

  /** Bytes between the two parts of a coinbase. */
  get extranonceBytes(): number {
    return this.#extranoncePrefix.length + this.#rollableBytes;
  }

  /** For jobs that become active from now on. 32 bytes. */
  setTarget(target: Uint8Array): void {
    this.#target = target;
  }

  /** For jobs that come from now on. */
  setExtranoncePrefix(prefix: Uint8Array): void {
    this.#extranoncePrefix = prefix;
  }

  /** @returns whether there is another job to mine on now. */
  addJob(job: ReceivedJob): boolean {
    const { job_id, min_ntime } = job.message;
    const known: KnownJob = { job, extranoncePrefix: this.#extranoncePrefix };
    if (min_ntime === undefined || this.#tip === undefined) {
      this.#future.set(job_id, known);
      dropOldest(this.#future, MAX_FUTURE_JOBS);
      return false;
    }
    this.#active = this.#activated(known, this.#tip, min_ntime);
    return true;
  }

  /** @returns whether there is another job to mine on now; false where the message names a job that never came. */
  setNewPrevHash(message: SetNewPrevHash): boolean {
    const known = this.#future.get(message.job_id);
    this.#future.clear();
    this.#tip = { prevHash: message.prev_hash, bits: message.nbits };
    this.#active = known === undefined ? undefined : this.#activated(known, this.#tip, message.min_ntime);
    return this.#active !== undefined;
  }

  #activated(known: KnownJob, tip: Tip, minNtime: number): ActiveJob {
    return { ...known, ...tip, minNtime, target: this.#target, firstUnit: this.#units + 1 };
  }

  /**
   * The next header that nobody has searched: version and extranonce rolled, and the time of a standard job whose
   * version is fixed. Undefined without a job.
   */
  nextUnit(): WorkUnit | undefined {
    const active = this.#active;
    if (active === undefined) return undefined;
    this.#units += 1;
    const { job, extranoncePrefix, prevHash, bits, minNtime, target, firstUnit } = active;
    const { version: baseVersion, job_id } = job.message;
    const mayRoll = !this.#fixedVersion && (job.kind === "standard" || job.message.version_rolling_allowed);
    const ntime = job.kind === "standard" && !mayRoll ? minNtime + this.#units - firstUnit : minNtime;
    const version = mayRoll
      ? ((baseVersion & ~ROLLED_VERSION_MASK) | ((this.#units % ROLLED_VERSIONS) << ROLLED_VERSION_SHIFT)) >>> 0
      : baseVersion;
    const extranonce = job.kind === "standard" ? new Uint8Array(0) : this.#rolledExtranonce();
    const merkleRoot =
      job.kind === "standard"
        ? job.message.merkle_root
        : merkleRootFromPath(
            sha256d(
              concatBytes(job.message.coinbase_tx_prefix, extranoncePrefix, extranonce, job.message.coinbase_tx_suffix),
            ),
            job.message.merkle_path,
          );
    return {
      jobId: job_id,
      header: serializeHeader({ version, prevHash, merkleRoot, time: ntime, bits, nonce: 0 }),
      version,
      ntime,
      extranonce,
      target,
      networkTarget: targetToBytes(bitsToTarget(bits)),
    };
  }

  /** The unit's number, big-endian, in as many of its low bytes as can be rolled. */
  #rolledExtranonce(): Uint8Array {
    const extranonce = new Uint8Array(this.#rollableBytes);
    let rest = this.#units;
    for (let index = extranonce.length - 1; index >= 0 && rest > 0; index -= 1) {
      extranonce[index] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return extranonce;
  }
}

/** The hash of a unit's header with that nonce. */
export function hashOfUnit(unit: WorkUnit, nonce: number): Uint8Array {
  const header = unit.header.slice();
  new DataView(header.buffer).setUint32(76, nonce, true);
  return hashHeader(header);
}
