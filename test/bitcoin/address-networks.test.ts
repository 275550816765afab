import { sha256 } from "@noble/hashes/sha2.js";
import { bech32m, createBase58check } from "@scure/base";
import { Address, OutScript } from "@scure/btc-signer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressToScript } from "../../src/bitcoin/address.ts";
import { NETWORKS, type Network } from "../../src/bitcoin/network.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";

/** Version bytes and prefixes as Bitcoin Core's chainparams.cpp has them. */
const TEST = { bech32: "tb", pubKeyHash: 111, scriptHash: 196, wif: 239 };
const CHAIN_PARAMETERS: Readonly<Record<Network, typeof TEST>> = {
  main: { bech32: "bc", pubKeyHash: 0, scriptHash: 5, wif: 128 },
  testnet4: TEST,
  signet: TEST,
  regtest: { ...TEST, bech32: "bcrt" },
};

/** What a person is told to use instead. */
const RIGHT: Readonly<Record<Network, string>> = {
  main: "one that begins with bc1 or, in the old form, with 1 or 3 is needed, with no character mistyped",
  testnet4: "one that begins with tb1 or, in the old form, with m, n or 2 is needed, with no character mistyped",
  signet: "one that begins with tb1 or, in the old form, with m, n or 2 is needed, with no character mistyped",
  regtest: "one that begins with bcrt1 or, in the old form, with m, n or 2 is needed, with no character mistyped",
};

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

/** Networks that cannot be told from this one by an address of that kind. */
function sameForm(network: Network, isBase58: boolean): readonly Network[] {
  if (network === "main") return ["main"];
  if (isBase58) return ["testnet4", "signet", "regtest"];
  return network === "regtest" ? ["regtest"] : ["testnet4", "signet"];
}

describe("base58 addresses", () => {
  it.each<readonly [string, Network, string, string]>([
    ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "main", "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", "genesis"],
    ["1111111111111111111114oLvT2", "main", `76a914${"00".repeat(20)}88ac`, "a hash of zeros"],
    ["3QJmV3qfvL9SuYo34YihAf3sRCW3qSinyC", "main", "a914f815b036d9bbbce5e9f2a00abd1bf3dc91e9551087", "btcutil"],
    ["mrX9vMRYLfVy1BnZbc5gZjuyaqH3ZW2ZHz", "testnet4", "76a91478b316a08647d5b77283e512d3603f1f1c8de68f88ac", "btcutil"],
    ["2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2", "regtest", "a914336caa13e08b96080a32b5d818d59b4ab3b3674287", "BIP49"],
  ])("%s of %s pays to %s (%s)", (address, network, script) => {
    for (const other of NETWORKS) {
      if (sameForm(network, true).includes(other)) expect(toHex(addressToScript(address, other))).toBe(script);
      else expect(() => addressToScript(address, other)).toThrow(RIGHT[other]);
    }
  });

  it.each([
    ["a wrong checksum", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"],
    ["a character that base58 lacks", "1A1zP1eP5QGefi2DMPTfTL5SLmv7Div0Na"],
    ["a space before it", " 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["a line's end behind it", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n"],
    ["one leading zero byte too many", "11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["nothing in it", ""],
  ])("are refused with %s, by what would be right", (_why, address) => {
    for (const network of NETWORKS) {
      expect(() => addressToScript(address, network)).toThrow(RIGHT[network]);
    }
  });
});

describe("base58check payloads that no network has", () => {
  const codec = createBase58check(sha256);

  it("are refused: a hash of 19 or 21 bytes, and every other version byte", () => {
    for (let version = 0; version < 256; version += 1) {
      for (const length of [0, 19, 20, 21, 32]) {
        const address = codec.encode(new Uint8Array(1 + length).fill(0x11).fill(version, 0, 1));
        for (const network of NETWORKS) {
          const { pubKeyHash, scriptHash } = CHAIN_PARAMETERS[network];
          if (length === 20 && (version === pubKeyHash || version === scriptHash)) continue;
          expect(() => addressToScript(address, network)).toThrow(RIGHT[network]);
        }
      }
    }
  });
});

describe.each(NETWORKS)("addresses of %s", (network) => {
  const codec = Address(CHAIN_PARAMETERS[network]);

  it.each([
    ["pkh", 20, (hash: string) => `76a914${hash}88ac`],
    ["sh", 20, (hash: string) => `a914${hash}87`],
    ["wpkh", 20, (hash: string) => `0014${hash}`],
    ["wsh", 32, (hash: string) => `0020${hash}`],
  ] as const)("of kind %s are read as another library wrote them, and on no other network", (type, length, script) => {
    fc.assert(
      fc.property(bytes(length), (hash) => {
        const address = codec.encode({ type, hash: Uint8Array.from(hash) });
        const mine = toHex(addressToScript(address, network));
        expect(mine).toBe(script(toHex(hash)));
        expect(mine).toBe(toHex(OutScript.encode({ type, hash: Uint8Array.from(hash) })));
        const isBase58 = type === "pkh" || type === "sh";
        for (const other of NETWORKS) {
          if (sameForm(network, isBase58).includes(other)) continue;
          expect(() => addressToScript(address, other)).toThrow(`is no address of network ${other}: ${RIGHT[other]}`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("of kind tr are read as another library wrote them", () => {
    const pubkey = fromHex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    const address = codec.encode({ type: "tr", pubkey });
    expect(toHex(addressToScript(address, network))).toBe(`5120${toHex(pubkey)}`);
  });

  it("of witness versions that anyone can spend are refused, with what would be right", () => {
    const { bech32: prefix } = CHAIN_PARAMETERS[network];
    const addressOf = (version: number, length: number): string =>
      bech32m.encode(prefix, [version, ...bech32m.toWords(new Uint8Array(length).fill(0xa5))]);
    for (let version = 1; version <= 16; version += 1) {
      for (const length of [2, 20, 31, 32, 33, 40]) {
        if (version === 1 && length === 32) continue;
        const address = addressOf(version, length);
        expect(() => addressToScript(address, network)).toThrow(
          expect.objectContaining({
            code: "address-invalid",
            message: `"${address}" has witness version ${version} and ${length} bytes, whose coins anyone may take: version 0, or version 1 with 32 bytes, is needed`,
            details: { version, programBytes: length },
          }),
        );
      }
      for (const length of [0, 1, 41]) {
        expect(() => addressToScript(addressOf(version, length), network)).toThrow(RIGHT[network]);
      }
    }
    for (const version of [0, 17, 31]) {
      expect(() => addressToScript(addressOf(version, 32), network)).toThrow(RIGHT[network]);
    }
    expect(toHex(addressToScript(addressOf(1, 32), network))).toBe(`5120${"a5".repeat(32)}`);
  });

  it("are quoted in the refusal of what is none", () => {
    expect(() => addressToScript("alice", network)).toThrow(
      expect.objectContaining({
        code: "address-invalid",
        message: `"alice" is no address of network ${network}: ${RIGHT[network]}`,
        details: { network },
      }),
    );
  });
});
