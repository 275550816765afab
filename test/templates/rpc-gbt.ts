/** getblocktemplate answers as Bitcoin Core sends them on regtest, and small transactions for them. */

import { createHash } from "node:crypto";

export const TIP_A = "0a".repeat(32);
export const TIP_B = "0b".repeat(32);
export const TIP_C = "0c".repeat(32);

export type GbtTransaction = {
  data: string;
  txid: string;
  hash: string;
  fee?: number;
  sigops?: number;
  weight?: number;
};

/** A hash as the RPC prints it: 64 digits, the last byte first. */
export function printed(hash: Uint8Array): string {
  return Buffer.from(hash).reverse().toString("hex");
}

function doubleHash(hex: string): string {
  const once = createHash("sha256").update(Buffer.from(hex, "hex")).digest();
  return printed(createHash("sha256").update(once).digest());
}

const INPUT = `01${"11".repeat(32)}0000000000ffffffff`;
const OUTPUT = "010000000000000000";

/** 60 bytes or more, without a witness: one input, one output with a script of `scriptBytes` zeros. */
export function plainTransaction(lockTime = 0, scriptBytes = 0): GbtTransaction {
  const data = `02000000${INPUT}${OUTPUT}${compactSize(scriptBytes)}${"00".repeat(scriptBytes)}${u32(lockTime)}`;
  return { data, txid: doubleHash(data), hash: doubleHash(data) };
}

/** The same with a witness of one element, 3 bytes. */
export function witnessTransaction(lockTime = 0): GbtTransaction {
  const body = `${INPUT}${OUTPUT}00`;
  const data = `020000000001${body}0103aabbcc${u32(lockTime)}`;
  return { data, txid: doubleHash(`02000000${body}${u32(lockTime)}`), hash: doubleHash(data) };
}

function u32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString("hex");
}

function compactSize(value: number): string {
  if (value < 0xfd) return value.toString(16).padStart(2, "0");
  return `fe${u32(value)}`;
}

/** An answer on TIP_A at height 101, with `changes` put over it; a field set to undefined is absent. */
export function gbt(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { previousblockhash } = changes;
  const tip = typeof previousblockhash === "string" ? previousblockhash : TIP_A;
  return {
    capabilities: ["proposal"],
    version: 536_870_912,
    rules: ["csv", "!segwit", "taproot"],
    vbavailable: {},
    vbrequired: 0,
    previousblockhash: TIP_A,
    transactions: [],
    coinbaseaux: {},
    coinbasevalue: 5_000_000_000,
    longpollid: `${tip}1`,
    target: "7fffff0000000000000000000000000000000000000000000000000000000000",
    mintime: 1_700_000_000,
    mutable: ["time", "transactions", "prevblock"],
    noncerange: "00000000ffffffff",
    sigoplimit: 80_000,
    sizelimit: 4_000_000,
    weightlimit: 4_000_000,
    curtime: 1_700_000_100,
    bits: "207fffff",
    height: 101,
    default_witness_commitment: `6a24aa21a9ed${"e2".repeat(32)}`,
    ...changes,
  };
}
