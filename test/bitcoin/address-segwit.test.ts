import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addressToScript } from "../../src/bitcoin/address.ts";
import { BitcoinError } from "../../src/bitcoin/errors.ts";
import { NETWORKS } from "../../src/bitcoin/network.ts";
import { toHex } from "../../src/core/bytes.ts";

type Valid = { readonly address: string; readonly script: string };
type Vectors = {
  readonly valid: readonly Valid[];
  readonly invalid: readonly { readonly address: string; readonly reason: string }[];
  readonly bip173ValidVersion0: readonly Valid[];
  readonly bip173OnlyBech32: readonly Valid[];
  readonly noAddresses: readonly string[];
};

/** BIP173's and BIP350's own vectors. BIP350 takes back BIP173's addresses of version 1 and above. */
const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../vectors/bitcoin-segwit-addresses.json", import.meta.url), "utf8"),
);

function refusedEverywhere(address: string): void {
  for (const network of NETWORKS) {
    expect(() => addressToScript(address, network)).toThrow(BitcoinError);
    expect(() => addressToScript(address, network)).toThrow(expect.objectContaining({ code: "address-invalid" }));
  }
}

/** Of these, and of no other witness programs, the owner alone can spend: P2WPKH, P2WSH and P2TR. */
const OWNED = /^(?:0014.{40}|(?:00|51)20.{64})$/;
const valid = [...vectors.valid, ...vectors.bip173ValidVersion0];

describe("segwit addresses", () => {
  it.each(valid.filter(({ script }) => OWNED.test(script)))("$address pays to $script", ({ address, script }) => {
    const isMain = address.toLowerCase().startsWith("bc1");
    for (const network of NETWORKS) {
      const belongs = isMain ? network === "main" : network === "testnet4" || network === "signet";
      if (belongs) expect(toHex(addressToScript(address, network))).toBe(script);
      else expect(() => addressToScript(address, network)).toThrow(BitcoinError);
    }
  });

  it.each([...valid.filter(({ script }) => !OWNED.test(script)), { address: "bc1pfeessrawgf", script: "51024e73" }])(
    "$address is refused, since anyone may spend what is paid to $script",
    ({ address }) => {
      refusedEverywhere(address);
      expect(() => addressToScript(address, "main")).toThrow(
        /has witness version \d+ and \d+ bytes, whose coins anyone may take: version 0, or version 1 with 32 bytes, is needed$/,
      );
    },
  );

  it.each(vectors.invalid)("$address is refused: $reason", ({ address }) => {
    refusedEverywhere(address);
  });

  it.each(vectors.bip173OnlyBech32)("$address is refused: a later version needs Bech32m", ({ address }) => {
    refusedEverywhere(address);
  });

  it.each(vectors.noAddresses.map((text) => [text]))("%j is refused: it is no address at all", (text) => {
    refusedEverywhere(text);
  });

  it("are refused with any one character changed, missing or too much", () => {
    const address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    expect(toHex(addressToScript(address, "main"))).toBe("0014751e76e8199196d454941c45d1b3a323f1433bd6");
    for (let index = 0; index < address.length; index += 1) {
      const other = address[index] === "q" ? "p" : "q";
      refusedEverywhere(address.slice(0, index) + other + address.slice(index + 1));
      refusedEverywhere(address.slice(0, index) + address.slice(index + 1));
      refusedEverywhere(`${address.slice(0, index)}q${address.slice(index)}`);
    }
  });
});
