/**
 * Who is paid by the blocks of a user identity. SV2 leaves an identity's meaning to the pool (§5.3.2); the forms here
 * are `NAME[.worker]`, `ADDRESS[.worker]` and, in mode "identity", those of the Rust reference pool:
 *
 * - the part before the first dot is an address: all to it;
 * - `sri/solo/ADDRESS[/…]`: all to it;
 * - `sri/donate/PERCENT/ADDRESS[/…]`: PERCENT, a whole number from 1 to 99, is the pool's part, the rest the miner's;
 * - `sri/donate[/worker]`, and any name: all to the pool;
 * - anything else that begins with `sri/` is refused.
 *
 * In one thing this is stricter than the reference, which takes addresses of every network and treats a mistyped one
 * as a name: an account that looks like an address and is none here is refused, lest its owner mine for the pool
 * unawares. Workers may be called anything.
 */

import { addressToScript, isWitnessAddress } from "../bitcoin/address.ts";
import { BitcoinError } from "../bitcoin/errors.ts";
import type { Network } from "../bitcoin/network.ts";
import { fromHex } from "../core/bytes.ts";
import { type Payout, payoutTo } from "./payout.ts";

export const PAYOUT_MODES = ["pool", "solo", "identity"] as const;

/** Plain values. */
export type PayoutOptions = {
  readonly mode: (typeof PAYOUT_MODES)[number];
  readonly network: Network;
  /** Output script of the operator's address. Only mode "solo" without a fee needs none. */
  readonly poolScript: Uint8Array | undefined;
  /** What the operator gets of each block in mode "solo": 0 to 99, in steps of 0.01. */
  readonly feePercent: number;
};

/** From an identity's text, as `identityText` makes it. Never throws. */
export type PayoutPolicy = (userIdentity: string) => Payout | "unknown-user";

export function createPayoutPolicy(options: PayoutOptions): PayoutPolicy {
  switch (options.mode) {
    case "pool":
      return poolPolicy(options);
    case "solo":
      return soloPolicy(options);
    case "identity":
      return identityPolicy(options);
  }
}

function poolPolicy(options: PayoutOptions): PayoutPolicy {
  const pool = payoutTo(poolScriptOf(options));
  return () => pool;
}

function soloPolicy(options: PayoutOptions): PayoutPolicy {
  const basisPoints = Math.round(100 * options.feePercent);
  const fee = basisPoints === 0 ? [] : [{ script: poolScriptOf(options), basisPoints }];
  return (userIdentity) => {
    const script = scriptOf(accountPart(userIdentity.trim()), options.network);
    return script === undefined ? "unknown-user" : payoutTo(script, ...fee);
  };
}

function identityPolicy(options: PayoutOptions): PayoutPolicy {
  const poolScript = poolScriptOf(options);
  const pool = payoutTo(poolScript);
  const miner = (address: string, poolPercent = 0): Payout | "unknown-user" => {
    const script = scriptOf(address, options.network);
    if (script === undefined) return "unknown-user";
    return poolPercent === 0
      ? payoutTo(script)
      : payoutTo(script, { script: poolScript, basisPoints: 100 * poolPercent });
  };
  return (userIdentity) => {
    const identity = userIdentity.trim();
    const direct = miner(accountPart(identity));
    if (direct !== "unknown-user") return direct;
    const [prefix, form, first, second] = identity.split("/");
    if (prefix === "sri" && form === "solo") return miner(first ?? "");
    if (prefix === "sri" && form === "donate" && first !== undefined && second !== undefined) {
      return DONATED_PERCENT.test(first) ? miner(second, Number(first)) : "unknown-user";
    }
    if (prefix === "sri" && form === "donate") return pool;
    const isMalformed = prefix === "sri" && form !== undefined;
    return isMalformed || isNearlyAddress(identity) ? "unknown-user" : pool;
  };
}

/** 1 to 99. */
const DONATED_PERCENT = /^0*[1-9][0-9]?$/;

/** NAME of `NAME.worker`, ADDRESS of `ADDRESS.worker`: neither has a dot. */
function accountPart(identity: string): string {
  return identity.split(".", 1)[0] ?? "";
}

function scriptOf(address: string, network: Network): Uint8Array | undefined {
  try {
    return addressToScript(address, network);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

function poolScriptOf({ mode, poolScript }: PayoutOptions): Uint8Array {
  if (poolScript === undefined) throw new Error(`a checked configuration of mode ${mode} has an address to pay to`);
  return poolScript;
}

/**
 * Of any network: its prefix, then letters and digits up to an address's length, give or take two. Those that bech32
 * lacks count too: they are what people mistype.
 */
const LIKE_BECH32 = /^(?:bc|tb|bcrt)1(?:[0-9a-z]{37,41}|[0-9a-z]{57,61})$/i;
/** Beginning and length of an address in the old form; also with letters that it cannot have: people mistype. */
const LIKE_BASE58 = /^[123mn][0-9A-Za-z]{25,34}$/;
/** A serial number, a UUID or a hash: an address is never so, since base58 has 58 characters and this 15 of them. */
const HEXADECIMAL = /^(?:[0-9a-f]+|[0-9A-F]+)$/;

function looksLikeAddress(word: string): boolean {
  if (LIKE_BECH32.test(word) || isWitnessAddress(word)) return true;
  if (!LIKE_BASE58.test(word) || HEXADECIMAL.test(word)) return false;
  // Names begin with m and n as well, but are seldom mixed of digits and both cases, as addresses are.
  return !/^[mn]/.test(word) || (/[0-9]/.test(word) && /[A-Z]/.test(word));
}

/** Whether a word of the account's name looks like an address. A worker's name may be anything. */
function isNearlyAddress(identity: string): boolean {
  return accountPart(shownText(identity))
    .split(/[^0-9A-Za-z]+/)
    .some(looksLikeAddress);
}

/** What stands in an identity that is written in hexadecimal, as one with a line's end behind it is. */
function shownText(identity: string): string {
  return /^0x(?:[0-9a-f]{2})*$/.test(identity) ? String.fromCharCode(...fromHex(identity.slice(2))) : identity;
}
