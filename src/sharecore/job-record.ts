/**
 * A job as the byte record that the rings and the WASM core take, and back. Checks every length; leaves slots and
 * generations to the job table.
 */

import { SharecoreError } from "./errors.ts";
import * as layout from "./record-layout.ts";
import type { ExtendedJob, Job, StandardJob } from "./types.ts";

const { HASH_BYTES, JOB_REST } = layout;

/**
 * @returns a new record, with copies of all that the job holds.
 * @throws {SharecoreError} `job-invalid`, naming the field that is wrong.
 */
export function encodeJob(job: Job): Uint8Array {
  checkLength(job.prevHash, "prevHash");
  checkLength(job.networkTarget, "networkTarget");
  if (job.kind !== "standard" && job.kind !== "extended") throw invalid("kind", "is neither standard nor extended");
  return job.kind === "standard" ? encodeStandard(job) : encodeExtended(job);
}

function encodeStandard(job: StandardJob): Uint8Array {
  checkLength(job.merkleRoot, "merkleRoot");
  const record = new Uint8Array(JOB_REST + HASH_BYTES);
  writeFixedPart(record, job);
  record.set(job.merkleRoot, JOB_REST);
  return record;
}

function encodeExtended(job: ExtendedJob): Uint8Array {
  const { coinbasePrefix, coinbaseSuffix, merklePath } = job;
  checkCoinbasePart(coinbasePrefix, "coinbasePrefix");
  checkCoinbasePart(coinbaseSuffix, "coinbaseSuffix");
  if (!Array.isArray(merklePath)) throw invalid("merklePath", "is no array");
  if (merklePath.length > layout.MAX_PATH_ENTRIES) {
    throw invalid("merklePath", `has ${merklePath.length} entries, at most ${layout.MAX_PATH_ENTRIES} are possible`);
  }
  const suffixStart = JOB_REST + coinbasePrefix.length;
  const pathStart = suffixStart + coinbaseSuffix.length;
  const record = new Uint8Array(pathStart + merklePath.length * HASH_BYTES);
  const view = writeFixedPart(record, job);
  view.setUint32(layout.JOB_PREFIX_LENGTH, coinbasePrefix.length, true);
  view.setUint32(layout.JOB_SUFFIX_LENGTH, coinbaseSuffix.length, true);
  view.setUint32(layout.JOB_PATH_LENGTH, merklePath.length, true);
  record.set(coinbasePrefix, JOB_REST);
  record.set(coinbaseSuffix, suffixStart);
  for (const [index, entry] of merklePath.entries()) {
    checkLength(entry, "merklePath entry");
    record.set(entry, pathStart + index * HASH_BYTES);
  }
  return record;
}

function writeFixedPart(record: Uint8Array, job: Job): DataView {
  const view = new DataView(record.buffer);
  view.setUint32(layout.JOB_KIND, job.kind === "standard" ? layout.JOB_KIND_STANDARD : layout.JOB_KIND_EXTENDED, true);
  view.setUint32(layout.JOB_VERSION, job.version, true);
  view.setUint32(layout.JOB_BITS, job.bits, true);
  record.set(job.prevHash, layout.JOB_PREV_HASH);
  record.set(job.networkTarget, layout.JOB_NETWORK_TARGET);
  return view;
}

/** The job of a record that `encodeJob` made; its byte fields are views of the record. */
export function decodeJob(record: Uint8Array): Job {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const hashAt = (start: number): Uint8Array => record.subarray(start, start + HASH_BYTES);
  const common = {
    version: view.getUint32(layout.JOB_VERSION, true),
    bits: view.getUint32(layout.JOB_BITS, true),
    prevHash: hashAt(layout.JOB_PREV_HASH),
    networkTarget: hashAt(layout.JOB_NETWORK_TARGET),
  };
  if (view.getUint32(layout.JOB_KIND, true) === layout.JOB_KIND_STANDARD) {
    return { kind: "standard", ...common, merkleRoot: hashAt(JOB_REST) };
  }
  const suffixStart = JOB_REST + view.getUint32(layout.JOB_PREFIX_LENGTH, true);
  const pathStart = suffixStart + view.getUint32(layout.JOB_SUFFIX_LENGTH, true);
  const pathLength = view.getUint32(layout.JOB_PATH_LENGTH, true);
  return {
    kind: "extended",
    ...common,
    coinbasePrefix: record.subarray(JOB_REST, suffixStart),
    coinbaseSuffix: record.subarray(suffixStart, pathStart),
    merklePath: Array.from({ length: pathLength }, (_, index) => hashAt(pathStart + index * HASH_BYTES)),
  };
}

/**
 * How many SHA-256 compressions a share of this job costs, for weighing batches: the blocks of the header that follow
 * a kept midstate (both, since most firmware rolls the version), those of the coinbase after its midstate, and the
 * second hash of each.
 */
export function compressionsPerShare(job: Job): number {
  const header = 3;
  if (job.kind === "standard") return header;
  const paddingBytes = 9;
  const typicalExtranonceBytes = 16;
  const coinbaseTail = (job.coinbasePrefix.length % 64) + typicalExtranonceBytes + job.coinbaseSuffix.length;
  const coinbase = Math.ceil((coinbaseTail + paddingBytes) / 64) + 1;
  const perPathEntry = 3;
  return coinbase + perPathEntry * job.merklePath.length + header;
}

/** Programs in plain JS can hand in anything. */
function checkBytes(bytes: unknown, field: string): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw invalid(field, "is no Uint8Array");
}

function checkLength(bytes: Uint8Array, field: string): void {
  checkBytes(bytes, field);
  if (bytes.length !== HASH_BYTES) throw invalid(field, `has ${bytes.length} bytes instead of ${HASH_BYTES}`);
}

function checkCoinbasePart(bytes: Uint8Array, field: string): void {
  checkBytes(bytes, field);
  if (bytes.length >= 1 && bytes.length <= layout.MAX_COINBASE_PART_BYTES) return;
  throw invalid(field, `has ${bytes.length} bytes, from 1 to ${layout.MAX_COINBASE_PART_BYTES} are possible`);
}

function invalid(field: string, problem: string): SharecoreError {
  return new SharecoreError(`the job's ${field} ${problem}`, { code: "job-invalid", details: { field } });
}
