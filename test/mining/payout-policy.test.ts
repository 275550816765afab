import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { identityText } from "../../src/mining/identity.ts";
import type { Payout } from "../../src/mining/payout.ts";
import { createPayoutPolicy, type PayoutOptions } from "../../src/mining/payout-policy.ts";

/** Of BIP173 and BIP350, and the first block's. */
const WITNESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
const TAPROOT = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0";
const OLD_FORM = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
const TESTNET = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
const WITNESS_SCRIPT = "0014751e76e8199196d454941c45d1b3a323f1433bd6";
const TAPROOT_SCRIPT = "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const OLD_FORM_SCRIPT = "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac";
const POOL_SCRIPT = "a914f815b036d9bbbce5e9f2a00abd1bf3dc91e9551087";
const POOL_ADDRESS = "3QJmV3qfvL9SuYo34YihAf3sRCW3qSinyC";
const ALL_TO_POOL = { script: POOL_SCRIPT, cuts: [] };

/** Who is paid by the blocks of that identity. */
function paid(options: Partial<PayoutOptions>, identity: string) {
  const policy = createPayoutPolicy({
    mode: "pool",
    network: "main",
    poolScript: fromHex(POOL_SCRIPT),
    feePercent: 0,
    ...options,
  });
  return shown(policy(identity));
}

/** As an identity is written that has something in it that cannot be shown. */
function inHexadecimal(identity: string): string {
  return identityText(new TextEncoder().encode(identity));
}

function shown(payout: Payout | "unknown-user") {
  if (payout === "unknown-user") return payout;
  const cuts = payout.cuts.map(({ script, basisPoints }) => [toHex(script), basisPoints]);
  return { script: toHex(payout.script), cuts };
}

describe("mode pool", () => {
  it.each(["", "alice", "alice.rig1", WITNESS, `${TESTNET}.w`, "sri/solo", `sri/solo/${WITNESS}`, "0x00ff"])(
    "pays the pool's address, whoever mines: %j",
    (identity) => expect(paid({ mode: "pool" }, identity)).toEqual(ALL_TO_POOL),
  );
});

describe("mode solo", () => {
  it.each([
    [WITNESS, WITNESS_SCRIPT],
    [WITNESS.toUpperCase(), WITNESS_SCRIPT],
    [`${WITNESS}.rig1`, WITNESS_SCRIPT],
    [`${TAPROOT}.farm.rack 2.rig/1`, TAPROOT_SCRIPT],
    [`${OLD_FORM}.`, OLD_FORM_SCRIPT],
    [` ${OLD_FORM}.rig `, OLD_FORM_SCRIPT],
  ])("pays all of it to the address before the first dot: %j", (identity, script) => {
    expect(paid({ mode: "solo" }, identity)).toEqual({ script, cuts: [] });
  });

  it.each([
    [0.01, 1],
    [0.29, 29],
    [1, 100],
    [1.15, 115],
    [2.5, 250],
    [50, 5_000],
  ])("takes a fee of %d % for the pool's address", (feePercent, basisPoints) => {
    const cuts = [[POOL_SCRIPT, basisPoints]];
    expect(paid({ mode: "solo", feePercent }, `${WITNESS}.rig`)).toEqual({ script: WITNESS_SCRIPT, cuts });
  });

  it("takes no fee from the pool's own address: all of it is one output", () => {
    expect(paid({ mode: "solo", feePercent: 2 }, POOL_ADDRESS)).toEqual(ALL_TO_POOL);
  });

  it("needs no address of the pool where it takes no fee", () => {
    expect(paid({ mode: "solo", poolScript: undefined }, WITNESS)).toEqual({ script: WITNESS_SCRIPT, cuts: [] });
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["a worker without a name", ".rig1"],
    ["a name", "alice.rig1"],
    ["an address of another network", TESTNET],
    ["a wrong checksum", `${WITNESS.slice(0, -1)}5`],
    ["letters of both cases in bech32", WITNESS.replace("w508", "W508")],
    ["an address that anyone can spend", "bc1pfeessrawgf"],
    ["an address as the worker", `alice.${WITNESS}`],
    ["a space inside", `${WITNESS} .rig`],
    ["bytes that are no text", `0x${"ff".repeat(20)}`],
    ["a form that only mode identity knows", `sri/solo/${WITNESS}`],
  ])("refuses %s", (_what, identity) => {
    expect(paid({ mode: "solo", feePercent: 1 }, identity)).toBe("unknown-user");
  });
});

describe("mode identity", () => {
  const of = (identity: string) => paid({ mode: "identity" }, identity);

  it.each([
    [WITNESS, WITNESS_SCRIPT],
    [`${WITNESS.toUpperCase()}.rig.1`, WITNESS_SCRIPT],
    [`${OLD_FORM}.miner7`, OLD_FORM_SCRIPT],
    [`\t${TAPROOT} `, TAPROOT_SCRIPT],
    [`sri/solo/${TAPROOT}`, TAPROOT_SCRIPT],
    [`sri/solo/${TAPROOT}/`, TAPROOT_SCRIPT],
    [`sri/solo/${OLD_FORM}/farm/rig.1`, OLD_FORM_SCRIPT],
  ])("pays the address of %j all of it", (identity, script) => {
    expect(of(identity)).toEqual({ script, cuts: [] });
  });

  it.each([
    ["1", 100],
    ["05", 500],
    ["50", 5_000],
    ["99", 9_900],
  ])("pays the pool's part that sri/donate/%s names, and the rest to the miner", (percent, basisPoints) => {
    const expected = { script: WITNESS_SCRIPT, cuts: [[POOL_SCRIPT, basisPoints]] };
    expect(of(`sri/donate/${percent}/${WITNESS}`)).toEqual(expected);
    expect(of(`sri/donate/${percent}/${WITNESS}/farm/rig`)).toEqual(expected);
  });

  it.each(["sri/donate", "sri/donate/", "sri/donate/rig1", "sri/donate/50"])("pays the pool for %j", (identity) => {
    expect(of(identity)).toEqual(ALL_TO_POOL);
  });

  it.each([
    "",
    "alice",
    "alice.rig1",
    "alice/rig1",
    "sri",
    "sri.rig",
    "a/solo/x",
    "a/donate/5/x",
    "0x00ff",
    "0xzz",
    "älice",
  ])("pays the pool for a plain name: %j", (identity) => expect(of(identity)).toEqual(ALL_TO_POOL));

  it("makes one output of what a miner with the pool's own address donates", () => {
    expect(of(`sri/donate/20/${POOL_ADDRESS}/rig`)).toEqual(ALL_TO_POOL);
    expect(of(POOL_ADDRESS)).toEqual(ALL_TO_POOL);
  });

  it.each([
    "sri/",
    "sri//",
    "sri/rig1",
    "sri/solo",
    "sri/solo/",
    "sri/solo/alice",
    `sri/solo/${TESTNET}/rig`,
    `sri/solo/${WITNESS}.rig`,
    `sri/solo/ ${WITNESS}`,
    `sri/Solo/${WITNESS}`,
    `sri/${WITNESS}`,
    "sri/donated",
    `sri/donate/0/${WITNESS}`,
    `sri/donate/100/${WITNESS}`,
    `sri/donate/101/${WITNESS}`,
    `sri/donate/-1/${WITNESS}`,
    `sri/donate/+5/${WITNESS}`,
    `sri/donate/5.5/${WITNESS}`,
    `sri/donate/5%/${WITNESS}`,
    `sri/donate/0x5/${WITNESS}`,
    `sri/donate/1e1/${WITNESS}`,
    `sri/donate//${WITNESS}`,
    "sri/donate/50/",
    "sri/donate/50/alice",
    "sri/donate/farm/rig",
    `sri/donate/50/${TESTNET}`,
    `sri/donate/${WITNESS}/50`,
  ])("refuses a malformed form of the reference: %j", (identity) => {
    expect(of(identity)).toBe("unknown-user");
  });
});

describe("mode identity, with what looks like an address and is none here", () => {
  const of = (identity: string) => paid({ mode: "identity" }, identity);

  it.each<[string, string]>([
    ["another network's", `${TESTNET}.rig`],
    ["an anchor, which anyone can spend", "bc1pfeessrawgf"],
    ["a short one that anyone can spend, of another network", "bcrt1pfeesnyr2tx.rig"],
    ["a long one that anyone can spend", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"],
    ["another network's, in capitals", TESTNET.toUpperCase()],
    ["regtest's", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"],
    ["another network's in the old form", "mrX9vMRYLfVy1BnZbc5gZjuyaqH3ZW2ZHz"],
    ["another network's script hash", "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2"],
    ["a wrong checksum", `${WITNESS.slice(0, -1)}5.rig`],
    ["a wrong checksum in the old form", OLD_FORM.replace("vfNa", "vfNb")],
    ["letters that base58 lacks", OLD_FORM.replace("A1zP", "A1z0")],
    ["lower case in the old form", OLD_FORM.toLowerCase()],
    ["letters of both cases", WITNESS.replace("w508", "W508")],
    ["two letters that are missing", WITNESS.slice(0, -2)],
    ["two letters too many, of taproot", `${TAPROOT}qq`],
    ["letters that bech32 lacks", WITNESS.replace("0c5", "oc5")],
    ["the worker behind a slash", `${WITNESS}/rig`],
    ["capitals in the form's name", `SRI/solo/${WITNESS}/rig`],
    ["a scheme before it", `bitcoin:${WITNESS}`],
    ["a space before the dot", `${WITNESS} .rig`],
    ["a name before it", `alice/${TESTNET}`],
    ["a line's end, so that it comes in hexadecimal", inHexadecimal(`${WITNESS}\n`)],
    ["a line's end in the worker's name", inHexadecimal(`${WITNESS}.rig\n`)],
  ])("refuses it, since its owner would mine for the pool unawares: %s", (_what, identity) => {
    expect(of(identity)).toBe("unknown-user");
  });

  it.each<[string, string]>([
    ["beginnings alone", "bc1.rig"],
    ["a beginning and a number", "bc1miner01"],
    ["a worker that begins so", "alice.bc1rig0001"],
    ["an address as the worker", `alice.${TESTNET}`],
    ["an address as the worker of a donation", `sri/donate/${TESTNET}`],
    ["an address as the worker, in hexadecimal", inHexadecimal(`alice.${TESTNET}\n`)],
    ["a UUID as the worker", "farm.3f2504e04f8941d39a0c0305e82c3301"],
    ["a UUID as the worker of a donation", "sri/donate/3f2504e04f8941d39a0c0305e82c3301"],
    ["a number as the worker", "alice.1234567890123456789012345678"],
    ["a UUID", "3f2504e04f8941d39a0c0305e82c3301"],
    ["a UUID in capitals", "3F2504E04F8941D39A0C0305E82C3301.rig"],
    ["a number", "1234567890123456789012345678"],
    ["bc1 and fewer letters and digits than in an address by three", "bc1".padEnd(39, "a")],
    ["bc1 and more than in a short address by three", "bc1".padEnd(45, "a")],
    ["bc1 and fewer than in a long address by three", "bc1".padEnd(59, "a")],
    ["bc1 and more than in a long address by three", "bc1".padEnd(65, "a")],
    ["25 letters and digits", "1".padEnd(25, "Z")],
    ["36 letters and digits", "1".padEnd(36, "Z")],
    ["a first letter that no old address has", "4A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["a long name in small letters", "miningfarmoftheupperrivervalley2"],
    ["a long name without digits", "miningFarmOfTheUpperRiverValley"],
  ])("takes for a name: %s", (_what, identity) => {
    expect(of(identity)).toEqual(ALL_TO_POOL);
  });

  it.each<[string, string]>([
    ["bc1 and fewer letters and digits than in an address by two", "bc1".padEnd(40, "a")],
    ["tb1 and more than in a short address by two", "tb1".padEnd(44, "a")],
    ["bcrt1 and fewer than in a long address by two", "bcrt1".padEnd(62, "a")],
    ["bc1 and more than in a long address by two", "bc1".padEnd(64, "a")],
    ["26 letters and digits", "1".padEnd(26, "Z")],
    ["35 letters and digits", "1".padEnd(35, "Z")],
    ["hexadecimal digits of both cases", "1a".padEnd(34, "F")],
    ["a mixture as only an address is", "nMINERSfarm2ndFloor2ndRack7rig"],
  ])("refuses: %s", (_what, identity) => {
    expect(of(identity)).toBe("unknown-user");
  });
});

describe("a mode that pays the pool", () => {
  it.each(["pool", "identity"] as const)("%s is not built without a script of the pool", (mode) => {
    expect(() => paid({ mode, poolScript: undefined }, "x")).toThrow(`of mode ${mode} has an address to pay to`);
  });

  it("is solo with a fee too", () => {
    expect(() => paid({ mode: "solo", feePercent: 1, poolScript: undefined }, "x")).toThrow("of mode solo has an");
  });
});
