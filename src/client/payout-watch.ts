/**
 * Whom a block of a channel would pay, as the coinbases of its jobs say. Only extended jobs show it: a standard one has
 * nothing but the merkle root (SV2 §5.3.15).
 */

import { addressToScript } from "../bitcoin/address.ts";
import { NETWORKS } from "../bitcoin/network.ts";
import { coinbaseOutputs } from "../bitcoin/read-coinbase.ts";
import { toHex } from "../core/bytes.ts";
import { AditError } from "../core/errors.ts";
import type { NewExtendedMiningJob } from "../wire/job-messages.ts";

export type PaidOutput = {
  /** In hexadecimal. */
  readonly script: string;
  /** A whole number. */
  readonly satoshi: string;
  /** Where it is one of the user identity. Others have none: a connection does not tell its network. */
  readonly address?: string;
};

export class PayoutWatch {
  readonly #addresses: ReadonlyMap<string, string>;
  #seen: string | undefined;

  /** @param userIdentity what stands in it as an address is recognised in the outputs. */
  constructor(userIdentity: string) {
    this.#addresses = addressesByScript(userIdentity);
  }

  /**
   * The outputs that have a value, in order, where they pay other scripts than those of the job before.
   * @returns undefined where they do not; null where the coinbase cannot be read.
   */
  look(job: NewExtendedMiningJob, extranonceBytes: number): readonly PaidOutput[] | null | undefined {
    const outputs = this.#read(job, extranonceBytes);
    const scripts = String(outputs?.map(({ script }) => script) ?? null);
    if (scripts === this.#seen) return undefined;
    this.#seen = scripts;
    return outputs;
  }

  #read(job: NewExtendedMiningJob, extranonceBytes: number): readonly PaidOutput[] | null {
    try {
      const { coinbase_tx_prefix: prefix, coinbase_tx_suffix: suffix } = job;
      return coinbaseOutputs({ prefix, extranonceBytes, suffix })
        .filter(({ value }) => value > 0n)
        .map(({ script, value }) => this.#shown(toHex(script), value));
    } catch (error) {
      if (error instanceof AditError) return null;
      throw error;
    }
  }

  #shown(script: string, value: bigint): PaidOutput {
    const address = this.#addresses.get(script);
    return { script, satoshi: String(value), ...(address === undefined ? {} : { address }) };
  }
}

function addressesByScript(userIdentity: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const word of userIdentity.split(/[^0-9A-Za-z]+/)) {
    for (const network of NETWORKS) {
      try {
        found.set(toHex(addressToScript(word, network)), word);
      } catch (error) {
        if (!(error instanceof AditError)) throw error;
      }
    }
  }
  return found;
}
