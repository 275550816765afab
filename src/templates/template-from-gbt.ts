/**
 * Turns a node's getblocktemplate answer (BIP22, BIP23, BIP9, BIP145) into a Template. Every field is checked before it
 * is used; what the pool cannot mine on is refused with the field's name. The rest of the answer (`coinbaseaux`'s
 * content, `noncerange`, …) does not concern work that is made of it.
 */

import { sha256d } from "../bitcoin/hash.ts";
import { merklePath } from "../bitcoin/merkle.ts";
import type { Network } from "../bitcoin/network.ts";
import { subsidyAt } from "../bitcoin/subsidy.ts";
import { bitsToTarget } from "../bitcoin/target.ts";
import { witnessCommitmentScript } from "../bitcoin/witness-commitment.ts";
import { toHex } from "../core/bytes.ts";
import {
  asObject,
  hashOf,
  hexOf,
  integerOf,
  type JsonObject,
  optionalTextOf,
  stringsOf,
  unusable,
} from "./rpc-fields.ts";
import { MAX_MONEY, type TransactionReader } from "./rpc-transactions.ts";
import type { Template, TemplateTransaction } from "./template.ts";

/** What `rules` may demand with a `!` (BIP9): these change nothing that a pool builds, or are built. */
const KNOWN_RULES: ReadonlySet<string> = new Set(["csv", "segwit", "taproot", "testdummy"]);
/** Easiest compact target of each network: consensus `powLimit`. */
const EASIEST_BITS: Readonly<Record<Network, number>> = {
  main: 0x1d00ffff,
  testnet4: 0x1d00ffff,
  signet: 0x1e0377ae,
  regtest: 0x207fffff,
};
/** The largest subsidy of any network, in satoshi: 50 bitcoin. */
const MAX_SUBSIDY = 5_000_000_000;
/** BIP54's locktime is height - 1 and has to stay below 500,000,000 (there it becomes a time). */
const MAX_HEIGHT = 500_000_000;
/** Headers have 32 bits for it. */
const MAX_TIME = 0xffff_ffff;
/** Bitcoin Core's has 64 digits and a counter; arbitrary above that, so that nothing large is sent back. */
const MAX_LONGPOLL_ID_LENGTH = 256;
/** BIP141: OP_RETURN, push of 36 bytes, the commitment's header. */
const COMMITMENT_START = "6a24aa21a9ed";
const COMMITMENT_BYTES = 38;

export type GbtContext = {
  readonly source: string;
  readonly network: Network;
  readonly receivedAtMs: number;
  /** The same one for all templates of a node. */
  readonly reader: TransactionReader;
};

/** A template that its source has not numbered yet: it may be older than what was delivered meanwhile. */
export type UnnumberedTemplate = Omit<Template, "templateId">;

export type GbtTemplate = {
  readonly template: UnnumberedTemplate;
  /** What a longpoll has to name; undefined where the node offers none. */
  readonly longpollId: string | undefined;
};

/** @throws {TemplateError} `template-invalid`. */
export function templateFromGbt(result: unknown, context: GbtContext): GbtTemplate {
  const answer = asObject(result, "the answer");
  checkRules(answer);
  const { transactions, fees, anyWitness, leftOut } = context.reader.read(answer);
  const commitment = commitmentOf(answer);
  if (anyWitness && commitment === undefined) {
    throw unusable("default_witness_commitment is missing, though a transaction has a witness");
  }
  const { curTime, minTime } = timesOf(answer);
  const height = integerOf(answer, "height", { min: 1, max: MAX_HEIGHT });
  const template: UnnumberedTemplate = {
    source: context.source,
    height,
    prevHash: hashOf(answer, "previousblockhash"),
    version: integerOf(answer, "version", { min: -0x8000_0000, max: 0xffff_ffff }) >>> 0,
    bits: bitsOf(answer, context.network),
    curTime,
    minTime,
    coinbaseValue: coinbaseValueOf(answer, fees, leftOut.fees),
    nextSubsidy: subsidyAt(context.network, height + 1),
    witnessCommitment: leftOut.count === 0 || commitment === undefined ? commitment : commitmentTo(transactions),
    transactions,
    merklePath: merklePath(transactions.map((transaction) => transaction.txid)),
    leftOut: leftOut.count,
    receivedAtMs: context.receivedAtMs,
  };
  return { template, longpollId: optionalTextOf(answer, "longpollid", MAX_LONGPOLL_ID_LENGTH) };
}

function checkRules(answer: JsonObject): void {
  for (const rule of stringsOf(answer, "rules")) {
    if (rule.startsWith("!") && !KNOWN_RULES.has(rule.slice(1))) {
      throw unusable(`it demands the rule ${JSON.stringify(rule)}, which this pool does not know`);
    }
  }
  if (answer.mutable !== undefined && !stringsOf(answer, "mutable").includes("time")) {
    throw unusable("mutable does not allow the time to change, which miners do");
  }
  const aux = answer.coinbaseaux;
  // Its content may go into the coinbase, and need not: bcoin puts its own name there.
  if (aux !== undefined) asObject(aux, "coinbaseaux");
}

function bitsOf(answer: JsonObject, network: Network): number {
  const bits = Number.parseInt(toHex(hexOf(answer, "bits", 4)), 16);
  const target = bitsToTarget(bits);
  if (target <= 0n) throw unusable("bits is not a target above 0");
  if (target > bitsToTarget(EASIEST_BITS[network])) throw unusable(`bits is easier than ${network} allows`);
  if (answer.target !== undefined) {
    if (BigInt(`0x${toHex(hexOf(answer, "target", 32))}`) !== target) throw unusable("bits and target differ");
  }
  return bits;
}

function timesOf(answer: JsonObject): { curTime: number; minTime: number } {
  const curTime = integerOf(answer, "curtime", { min: 1, max: MAX_TIME });
  const minTime = integerOf(answer, "mintime", { min: 0, max: MAX_TIME });
  if (minTime > curTime) throw unusable("mintime is above curtime");
  return { curTime, minTime };
}

function coinbaseValueOf(answer: JsonObject, fees: number | undefined, leftOutFees: number): bigint {
  const value = integerOf(answer, "coinbasevalue", { min: 0, max: MAX_MONEY });
  if (value < (fees ?? leftOutFees)) throw unusable("coinbasevalue is less than the fees of its transactions");
  if (fees !== undefined && value > fees + MAX_SUBSIDY) {
    throw unusable("coinbasevalue is more than the fees of its transactions and the largest subsidy");
  }
  return BigInt(value - leftOutFees);
}

function commitmentTo(transactions: readonly TemplateTransaction[]): Uint8Array {
  return witnessCommitmentScript(transactions.map(({ data }) => sha256d(data)));
}

function commitmentOf(answer: JsonObject): Uint8Array | undefined {
  if (answer.default_witness_commitment === undefined) return undefined;
  const script = hexOf(answer, "default_witness_commitment", COMMITMENT_BYTES);
  if (!toHex(script).startsWith(COMMITMENT_START)) {
    throw unusable("default_witness_commitment is not a commitment output");
  }
  return script;
}
