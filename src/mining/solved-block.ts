/**
 * A share that solves a block, made into that block: exactly the header that was hashed, over the coinbase that this
 * channel's job stands for. Nothing of it is looked up again, so a version-rolled or extranonce-rolled share gives the
 * block that the miner found.
 */

import { assembleBlock } from "../bitcoin/block.ts";
import { completeCoinbase } from "../bitcoin/coinbase.ts";
import { sha256d } from "../bitcoin/hash.ts";
import { serializeHeader } from "../bitcoin/header.ts";
import { rootFromPath } from "../bitcoin/merkle.ts";
import { concatBytes } from "../core/bytes.ts";
import type { Channel } from "./channel.ts";
import type { ChannelJob } from "./channel-job.ts";
import { workerIdentity } from "./worker-identity.ts";

/** A share whose hash meets the network target. */
export type SolvedShare = {
  readonly channel: Channel;
  /** The name of the worker that found it; empty where it names none. */
  readonly worker: Uint8Array;
  readonly job: ChannelJob;
  readonly version: number;
  readonly ntime: number;
  readonly nonce: number;
  /** All bytes between the coinbase halves. */
  readonly extranonce: Uint8Array;
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
};

/** Plain values: it can be sent to another process. */
export type BlockFound = {
  /** 32 bytes, header order. */
  readonly hash: Uint8Array;
  readonly height: number;
  /** The channel's, or that of the worker which the share names. */
  readonly userIdentity: string;
  /** The channel's key in the ledger. */
  readonly channel: string;
  /** Whole serialised block, coinbase with its witness. */
  readonly block: Uint8Array;
};

/** Assembles the block that `share` solves. */
export function solvedBlock(share: SolvedShare): BlockFound {
  const { jobTemplate } = share.job;
  const { template } = jobTemplate;
  const coinbaseTxid = sha256d(concatBytes(jobTemplate.coinbasePrefix, share.extranonce, jobTemplate.coinbaseSuffix));
  const header = serializeHeader({
    version: share.version,
    prevHash: template.prevHash,
    merkleRoot: rootFromPath(coinbaseTxid, template.merklePath),
    time: share.ntime,
    bits: template.bits,
    nonce: share.nonce,
  });
  const coinbase = completeCoinbase({
    prefix: jobTemplate.coinbasePrefix,
    extranonce: share.extranonce,
    suffix: jobTemplate.coinbaseSuffix,
    witness: template.witnessCommitment !== undefined,
  });
  const { channel, worker } = share;
  return {
    hash: share.hash,
    height: template.height,
    userIdentity: worker.length === 0 ? channel.userIdentity : workerIdentity(channel.userIdentity, worker),
    channel: channel.key,
    block: assembleBlock({
      header80: header,
      coinbase,
      transactions: template.transactions.map(({ data }) => data),
    }),
  };
}
