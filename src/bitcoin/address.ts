/**
 * Addresses to output scripts, for every kind that has an owner, on every network. BIP13, BIP141, BIP341, BIP173,
 * BIP350. What nobody owns is refused: anyone may spend pay-to-anchor (BIP433) and the witness versions of the future.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bech32, bech32m, createBase58check } from "@scure/base";
import { concatBytes } from "../core/bytes.ts";
import { BitcoinError } from "./errors.ts";
import type { Network } from "./network.ts";

const base58check = createBase58check(sha256);

type AddressForm = { readonly pubKeyHash: number; readonly scriptHash: number; readonly bech32Prefix: string };

const TEST_FORM = { pubKeyHash: 0x6f, scriptHash: 0xc4 };
const FORMS: Readonly<Record<Network, AddressForm>> = {
  main: { pubKeyHash: 0x00, scriptHash: 0x05, bech32Prefix: "bc" },
  testnet4: { ...TEST_FORM, bech32Prefix: "tb" },
  signet: { ...TEST_FORM, bech32Prefix: "tb" },
  regtest: { ...TEST_FORM, bech32Prefix: "bcrt" },
};

const HASH160_BYTES = 20;

/** @throws {BitcoinError} `address-invalid`, with what would be right on this network. */
export function addressToScript(address: string, network: Network): Uint8Array {
  const form = FORMS[network];
  const script = base58Script(address, form) ?? witnessScript(address, form);
  if (script !== undefined) return script;
  throw new BitcoinError(
    "address-invalid",
    `"${address}" is no address of network ${network}: one that begins with ${form.bech32Prefix}1 or, in the old form, ${
      network === "main" ? "with 1 or 3" : "with m, n or 2"
    } is needed, with no character mistyped`,
    { network },
  );
}

/** Whether it is the address of a witness program on some network, of whatever version, also where nobody owns it. */
export function isWitnessAddress(text: string): boolean {
  return witnessProgram(text) !== undefined;
}

function base58Script(address: string, form: AddressForm): Uint8Array | undefined {
  let decoded: Uint8Array;
  try {
    decoded = base58check.decode(address);
  } catch {
    return undefined;
  }
  if (decoded.length !== 1 + HASH160_BYTES) return undefined;
  const hash = decoded.subarray(1);
  // OP_DUP OP_HASH160 <20> OP_EQUALVERIFY OP_CHECKSIG, and OP_HASH160 <20> OP_EQUAL
  if (decoded[0] === form.pubKeyHash) {
    return concatBytes(new Uint8Array([0x76, 0xa9, 0x14]), hash, new Uint8Array([0x88, 0xac]));
  }
  if (decoded[0] === form.scriptHash) return concatBytes(new Uint8Array([0xa9, 0x14]), hash, new Uint8Array([0x87]));
  return undefined;
}

/** @throws {BitcoinError} where it is a witness address of this network, but such as anyone can spend. */
function witnessScript(address: string, form: AddressForm): Uint8Array | undefined {
  const { version, program, prefix } = witnessProgram(address) ?? {};
  if (version === undefined || program === undefined || prefix !== form.bech32Prefix) return undefined;
  if (version > 1 || (version === 1 && program.length !== 32)) {
    throw new BitcoinError(
      "address-invalid",
      `"${address}" has witness version ${version} and ${program.length} bytes, whose coins anyone may take: version 0, or version 1 with 32 bytes, is needed`,
      { version, programBytes: program.length },
    );
  }
  return concatBytes(new Uint8Array([version === 0 ? 0 : 0x50 + version, program.length]), program);
}

type WitnessProgram = { readonly prefix: string; readonly version: number; readonly program: Uint8Array };

function witnessProgram(address: string): WitnessProgram | undefined {
  for (const [codec, isVersion] of [
    [bech32, (version: number): boolean => version === 0],
    [bech32m, (version: number): boolean => version >= 1 && version <= 16],
  ] as const) {
    try {
      const { prefix, words } = codec.decode(address as `${string}1${string}`);
      const [version = -1, ...data] = words;
      const program = codec.fromWords(data);
      if (!isVersion(version) || program.length < 2 || program.length > 40) continue;
      if (version === 0 && program.length !== 20 && program.length !== 32) continue;
      return { prefix, version, program };
    } catch {
      // Not this encoding; the other one, or none, is found out by the loop.
    }
  }
  return undefined;
}
