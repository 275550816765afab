/** What a block creates out of nothing: consensus' `GetBlockSubsidy`. */

import type { Network } from "./network.ts";

/** 50 bitcoin, in satoshi. */
const FIRST_SUBSIDY = 5_000_000_000n;
/** Blocks between two halvings: consensus' `nSubsidyHalvingInterval`. */
const HALVING_BLOCKS: Readonly<Record<Network, number>> = {
  main: 210_000,
  testnet4: 210_000,
  signet: 210_000,
  regtest: 150,
};

/** Satoshi that the coinbase of a block of that height may pay besides the fees; 0n once nothing is left to halve. */
export function subsidyAt(network: Network, height: number): bigint {
  return FIRST_SUBSIDY >> BigInt(Math.floor(height / HALVING_BLOCKS[network]));
}
