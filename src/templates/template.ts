/**
 * A block template as it travels from a node to the jobs made of it: a plain value that can be sent to another process
 * or host. 32-byte values are in header order.
 */

export type TemplateTransaction = {
  /** Raw transaction with its witness. */
  readonly data: Uint8Array;
  /** 32 bytes. */
  readonly txid: Uint8Array;
};

export type Template = {
  /** Rises with each template of a source, from 1. */
  readonly templateId: number;
  /** Which source made it, e.g. `simulated` or `rpc:http://127.0.0.1:8332`. */
  readonly source: string;
  readonly height: number;
  /** 32 bytes. */
  readonly prevHash: Uint8Array;
  /** Rollable bits (BIP323, 0x1fffe000 and all of 0x1fffffe0) as the node sent them; jobs clear them. */
  readonly version: number;
  /** Compact target. */
  readonly bits: number;
  /** Seconds; what the node would put into the header now. */
  readonly curTime: number;
  /** Seconds; no header of this block may be below it. */
  readonly minTime: number;
  /** Satoshi that the coinbase may pay: subsidy and fees. */
  readonly coinbaseValue: bigint;
  /**
   * Satoshi that the coinbase of an empty block on top of this one may pay, or undefined where the source does not know.
   * Work for the next tip is announced ahead where it is known.
   */
  readonly nextSubsidy?: bigint | undefined;
  /** Output script of the witness commitment, or undefined where the block needs none. */
  readonly witnessCommitment: Uint8Array | undefined;
  /** All but the coinbase, in block order. */
  readonly transactions: readonly TemplateTransaction[];
  /** How many more the node had chosen, beside which a coinbase would not fit; none where it is not said. */
  readonly leftOut?: number;
  /** Siblings of the coinbase, from the lowest level upward, 32 bytes each. */
  readonly merklePath: readonly Uint8Array[];
  /** Milliseconds since the epoch at which the source had it. */
  readonly receivedAtMs: number;
};
