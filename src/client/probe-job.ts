/** What a probe says of a pool's first job: its numbers, and what of it is a trouble to some miners. */

import { heightOfScript } from "../bitcoin/coinbase.ts";
import { readCoinbase } from "../bitcoin/read-coinbase.ts";
import { bitsToTarget, difficultyOfTarget } from "../bitcoin/target.ts";
import { reversed, toHex } from "../core/bytes.ts";
import { AditError } from "../core/errors.ts";
import { MAX_JOB_FRAME_BYTES, MAX_MERKLE_BRANCHES } from "../mining/work-book.ts";
import { FRAME_HEADER_BYTES, type FrameHeader } from "../wire/frame.ts";
import type { NewExtendedMiningJob, SetNewPrevHash } from "../wire/job-messages.ts";
import type { JobFacts } from "./probe-events.ts";
import { unexpected } from "./probe-faults.ts";
import { type ReceivedJob, ROLLED_VERSION_MASK } from "./work.ts";

export type ProbedChannel = {
  readonly channelId: number;
  readonly groupChannelId: number;
  readonly extranoncePrefix: Uint8Array;
  readonly extranonceSize: number;
};

export type ProbedJob = {
  readonly job: ReceivedJob;
  readonly header: Pick<FrameHeader, "channelMsg" | "length">;
};

/**
 * A job's earliest time is the pool's present or lies before it, and clocks that a time server sets differ by less than
 * a second: what is further ahead says that a clock is wrong. Only where half of the last blocks are dated ahead, as some
 * do on test networks, a job has to be so too. Arbitrary beyond that.
 */
const MOST_AHEAD_SECONDS = 120;

/**
 * Being behind says little: a pool may name the earliest time that the chain allows, about an hour ago, or a job that it
 * made long ago. Arbitrary: a pool whose jobs are older may not follow its node, or this machine's clock is fast.
 */
const MOST_BEHIND_SECONDS = 3_600;

/** @throws {ClientError} `unexpected-message` where no work can be made of it. */
export function factsOfJob(
  { job, header }: ProbedJob,
  tip: SetNewPrevHash,
  context: { readonly channel: ProbedChannel; readonly nowSeconds: number },
): JobFacts {
  const { channel, nowSeconds } = context;
  const { message } = job;
  const target = bitsToTarget(tip.nbits);
  if (target === 0n) throw unexpected("sent a SetNewPrevHash whose nbits are no target");
  const facts: JobFacts = {
    jobId: message.job_id,
    sentTo: message.channel_id === channel.channelId ? "channel" : "group",
    version: hex32(message.version),
    versionRollingAllowed: job.kind === "standard" || job.message.version_rolling_allowed,
    prevHash: toHex(reversed(tip.prev_hash)),
    nbits: hex32(tip.nbits),
    networkDifficulty: difficultyOfTarget(target),
    minNtime: tip.min_ntime,
    minNtimeAheadSeconds: tip.min_ntime - nowSeconds,
    frameBytes: FRAME_HEADER_BYTES + header.length,
  };
  return job.kind === "standard" ? facts : { ...facts, coinbase: coinbaseOf(job.message, channel) };
}

function coinbaseOf(job: NewExtendedMiningJob, channel: ProbedChannel): NonNullable<JobFacts["coinbase"]> {
  const { coinbase_tx_prefix: prefix, coinbase_tx_suffix: suffix } = job;
  const extranonceBytes = channel.extranoncePrefix.length + channel.extranonceSize;
  try {
    const { inputs, outputs } = readCoinbase({ prefix, extranonceBytes, suffix });
    const value = outputs.reduce((sum, output) => sum + output.value, 0n);
    return {
      height: heightOfScript(inputs[0]?.script ?? new Uint8Array(0)),
      bytes: prefix.length + extranonceBytes + suffix.length,
      outputs: outputs.length,
      value: value.toString(),
      merkleBranches: job.merkle_path.length,
    };
  } catch (error) {
    if (!(error instanceof AditError)) throw error;
    throw unexpected(`sent a job whose coinbase is no transaction (${error.message})`);
  }
}

/** Each is one sentence. */
export function notesOfJob(facts: JobFacts, bits: { readonly job: boolean; readonly tip: boolean }): string[] {
  const { frameBytes, coinbase, minNtimeAheadSeconds: ahead, version } = facts;
  const notes: string[] = [];
  if (frameBytes > MAX_JOB_FRAME_BYTES) {
    const drops = `some firmware (Bitaxe) drops a pool from ${MAX_JOB_FRAME_BYTES + 1} on`;
    notes.push(`the job has ${frameBytes} bytes, and ${drops}`);
  }
  if (coinbase !== undefined && coinbase.merkleBranches > MAX_MERKLE_BRANCHES) {
    const takes = `some firmware (Bitaxe) takes ${MAX_MERKLE_BRANCHES} at most`;
    notes.push(`the job has ${coinbase.merkleBranches} merkle branches, and ${takes}`);
  }
  if (coinbase !== undefined && coinbase.height === undefined) {
    notes.push("the coinbase does not begin with the height of its block, which nodes refuse");
  }
  if (!facts.versionRollingAllowed) {
    notes.push("versions may not be rolled, which some miners (Bitaxe, the SRI translator) need");
  }
  // Such firmware rolls by setting bits that the job has clear.
  if ((Number.parseInt(version, 16) & ROLLED_VERSION_MASK) !== 0) {
    notes.push("the job's version has bits set that common firmware rolls");
  }
  if (!bits.job || !bits.tip) {
    const what = bits.job ? "SetNewPrevHash" : "the job";
    notes.push(`${what} comes without the channel_msg bit, and some firmware (Braiins OS) drops it then`);
  }
  if (ahead > MOST_AHEAD_SECONDS) {
    const harmless = "or, on a test network, the chain's blocks are ahead themselves";
    notes.push(
      `min_ntime is ${ahead} s ahead of this machine's clock: this clock is slow, the pool's is fast, ${harmless}`,
    );
  }
  if (-ahead > MOST_BEHIND_SECONDS) {
    const harmless = "or the pool names the earliest time that the chain allows";
    notes.push(
      `min_ntime is ${-ahead} s behind this machine's clock: this clock is fast, the pool's node is stuck, ${harmless}`,
    );
  }
  return notes;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
