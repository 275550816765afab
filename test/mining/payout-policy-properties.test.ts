import { Address, OutScript } from "@scure/btc-signer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { identityText } from "../../src/mining/identity.ts";
import { type Payout, payoutOutputs } from "../../src/mining/payout.ts";
import { createPayoutPolicy, PAYOUT_MODES } from "../../src/mining/payout-policy.ts";

const REGTEST = { bech32: "bcrt", pubKeyHash: 111, scriptHash: 196, wif: 239 };
const POOL_SCRIPT = fromHex(`0014${"ab".repeat(20)}`);

const hash = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });

/** An address of regtest, of any common kind, with its script. */
const account = fc
  .oneof(
    hash(20).map((bytes) => ({ type: "wpkh" as const, hash: bytes })),
    hash(20).map((bytes) => ({ type: "pkh" as const, hash: bytes })),
    hash(20).map((bytes) => ({ type: "sh" as const, hash: bytes })),
    hash(32).map((bytes) => ({ type: "wsh" as const, hash: bytes })),
  )
  .map((kind) => ({ address: Address(REGTEST).encode(kind), script: toHex(OutScript.encode(kind)) }));

/** Forms that pay a miner, with the mode that knows them. */
const FORMS: readonly { readonly mode: "solo" | "identity"; readonly write: (address: string) => string }[] = [
  { mode: "solo", write: (address) => address },
  { mode: "solo", write: (address) => `${address}.rig` },
  { mode: "identity", write: (address) => `${address}.rig` },
  { mode: "identity", write: (address) => `sri/solo/${address}/rig` },
  { mode: "identity", write: (address) => `sri/donate/7/${address}` },
];

function policies(feePercent: number) {
  return PAYOUT_MODES.map((mode) =>
    createPayoutPolicy({
      mode,
      network: "regtest",
      poolScript: POOL_SCRIPT,
      feePercent: mode === "solo" ? feePercent : 0,
    }),
  );
}

const fee = fc.integer({ min: 0, max: 5_000 }).map((basisPoints) => basisPoints / 100);
const reward = fc.bigInt({ min: 0n, max: 2_100_000_000_000_000n });
/** Near every form, and far from all. */
const identity = fc.oneof(
  fc.string({ unit: "binary", maxLength: 255 }),
  fc.uint8Array({ maxLength: 255 }).map(identityText),
  fc
    .array(fc.constantFrom("sri", "solo", "donate", "50", "bcrt1", "1", "0x", "/", ".", " ", "ff", "z"), {
      maxLength: 12,
    })
    .map((parts) => parts.join("")),
  fc.tuple(fc.constantFrom(...FORMS), account).map(([{ write }, { address }]) => write(address)),
);

function payoutOf(mode: "solo" | "identity", text: string): Payout {
  const payout = createPayoutPolicy({ mode, network: "regtest", poolScript: POOL_SCRIPT, feePercent: 0 })(text);
  if (payout === "unknown-user") throw new Error(`${text} was refused`);
  return payout;
}

describe("every identity", () => {
  it("is paid or unknown in each mode, and what is paid is the whole reward, in parts that are positive", () => {
    let paid = 0;
    fc.assert(
      fc.property(identity, fee, reward, (text, feePercent, value) => {
        for (const payout of policies(feePercent).map((policy) => policy(text))) {
          if (payout === "unknown-user") continue;
          paid += 1;
          const [main, ...others] = payoutOutputs(payout, value);
          expect([main, ...others].reduce((sum, output) => sum + (output?.value ?? 0n), 0n)).toBe(value);
          expect(main?.value).toBeGreaterThanOrEqual(0n);
          for (const other of others) expect(other.value).toBeGreaterThan(0n);
        }
      }),
      { numRuns: 500 },
    );
    expect(paid).toBeGreaterThan(500);
  });
});

describe("a payout's key", () => {
  it("differs where the addresses differ, whatever the form", () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMS), account, account, ({ mode, write }, one, other) => {
        fc.pre(one.script !== other.script);
        expect(payoutOf(mode, write(one.address)).key).not.toBe(payoutOf(mode, write(other.address)).key);
      }),
    );
  });

  it("is the same exactly where the outputs are", () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMS), fc.constantFrom(...FORMS), account, (one, other, { address }) => {
        const [a, b] = [payoutOf(one.mode, one.write(address)), payoutOf(other.mode, other.write(address))];
        expect(a.key === b.key).toBe(a.cuts.length === b.cuts.length);
      }),
    );
  });

  it("pays the script that the address stands for", () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMS), account, ({ mode, write }, { address, script }) => {
        expect(toHex(payoutOf(mode, write(address)).script)).toBe(script);
      }),
    );
  });

  it("of one percentage is not that of another", () => {
    const address = Address(REGTEST).encode({ type: "wpkh", hash: new Uint8Array(20) });
    const keys = Array.from(
      { length: 99 },
      (_, index) => payoutOf("identity", `sri/donate/${index + 1}/${address}`).key,
    );
    expect(new Set(keys).size).toBe(99);
  });
});
