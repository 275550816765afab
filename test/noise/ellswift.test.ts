import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { ecdh, ellswiftKeyPair, generateKeyPair, xOnlyOf, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { flipped, readVectors } from "./noise-fixture.ts";

type Ecdh = {
  readonly initiating: boolean;
  readonly secretKey: string;
  readonly ellswiftOurs: string;
  readonly ellswiftTheirs: string;
  readonly xOurs: string;
  readonly xTheirs: string;
  readonly sharedSecret: string;
};

/** BIP324's own vectors. */
const vectors = readVectors<{
  readonly decode: readonly { readonly ellswift: string; readonly x: string; readonly comment: string }[];
  readonly ecdh: readonly Ecdh[];
  readonly encodings: readonly { readonly u: string; readonly x: string; readonly t: readonly string[] }[];
}>("noise-bip324.json");

/** secp256k1's field and group order. */
const P = 2n ** 256n - 2n ** 32n - 977n;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const hex32 = (value: bigint): string => value.toString(16).padStart(64, "0");
const secretKeys = fc.bigInt({ min: 1n, max: N - 1n }).map((value) => fromHex(hex32(value)));

describe("ElligatorSwift", () => {
  it.each(vectors.decode)("decodes $ellswift ($comment), as BIP324 has it", ({ ellswift, x }) => {
    expect(toHex(xOnlyOf(fromHex(ellswift)))).toBe(x);
  });

  it.each(vectors.encodings)("decodes every encoding of $x with u = $u, as BIP324 has them", ({ u, x, t }) => {
    for (const each of t) expect(toHex(xOnlyOf(fromHex(u + each)))).toBe(x);
  });

  it("decodes any 64 bytes", () => {
    const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(bytes, (ellswift) => xOnlyOf(ellswift).length === 32),
      { numRuns: 50 },
    );
    for (const half of [0n, 1n, P - 1n, P, P + 1n, 2n ** 256n - 1n].map(hex32)) {
      expect(xOnlyOf(fromHex(half + half))).toHaveLength(32);
    }
  });

  it("encodes a key so that it decodes to the same key", () => {
    fc.assert(
      fc.property(secretKeys, (secretKey) => {
        const { ellswift } = ellswiftKeyPair(secretKey);
        expect(ellswift).toHaveLength(64);
        expect(toHex(xOnlyOf(ellswift))).toBe(toHex(xOnlyPublicKey(secretKey)));
      }),
      { numRuns: 40 },
    );
  });

  it("encodes the first and the last secret key, whose points have the generator's x", () => {
    const generatorX = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    for (const secret of [1n, N - 1n]) {
      const { ellswift } = ellswiftKeyPair(fromHex(hex32(secret)));
      expect(toHex(xOnlyOf(ellswift))).toBe(generatorX);
    }
  });

  it("refuses secret keys that are none: zero and the group's order", () => {
    for (const secret of [0n, N]) expect(() => ellswiftKeyPair(fromHex(hex32(secret)))).toThrow();
  });

  it("encodes the same key differently each time", () => {
    const secretKey = fromHex(hex32(0x5a17n));
    const encodings = new Set(Array.from({ length: 8 }, () => toHex(ellswiftKeyPair(secretKey).ellswift)));
    expect(encodings.size).toBe(8);
  });
});

describe("a generated key pair", () => {
  it("is new each time, and its halves belong together", () => {
    const first = generateKeyPair();
    const second = generateKeyPair();
    expect(toHex(first.secretKey)).not.toBe(toHex(second.secretKey));
    for (const { secretKey, ellswift } of [first, second]) {
      expect(toHex(xOnlyOf(ellswift))).toBe(toHex(xOnlyPublicKey(secretKey)));
    }
  });
});

describe("the ECDH of BIP324", () => {
  it.each(vectors.ecdh)("of $secretKey gives $sharedSecret, initiating: $initiating", (vector) => {
    const ours = { secretKey: fromHex(vector.secretKey), ellswift: fromHex(vector.ellswiftOurs) };
    const theirs = fromHex(vector.ellswiftTheirs);
    expect(toHex(xOnlyPublicKey(ours.secretKey))).toBe(vector.xOurs);
    expect(toHex(xOnlyOf(ours.ellswift))).toBe(vector.xOurs);
    expect(toHex(xOnlyOf(theirs))).toBe(vector.xTheirs);
    expect(toHex(ecdh(ours, theirs, { initiator: vector.initiating }))).toBe(vector.sharedSecret);
    expect(toHex(ecdh(ours, theirs, { initiator: !vector.initiating }))).not.toBe(vector.sharedSecret);
  });

  it("gives both sides the same, each in its own role", () => {
    fc.assert(
      fc.property(secretKeys, secretKeys, (one, other) => {
        const a = ellswiftKeyPair(one);
        const b = ellswiftKeyPair(other);
        const shared = toHex(ecdh(a, b.ellswift, { initiator: true }));
        expect(toHex(ecdh(b, a.ellswift, { initiator: false }))).toBe(shared);
        expect(toHex(ecdh(b, a.ellswift, { initiator: true }))).not.toBe(shared);
      }),
      { numRuns: 10 },
    );
  });

  it("binds the encodings and not only the keys", () => {
    const ours = generateKeyPair();
    const theirs = generateKeyPair();
    const again = ellswiftKeyPair(theirs.secretKey);
    const shared = toHex(ecdh(ours, theirs.ellswift, { initiator: true }));
    expect(toHex(ecdh(ours, again.ellswift, { initiator: true }))).not.toBe(shared);
    expect(toHex(ecdh(ours, flipped(theirs.ellswift, 63), { initiator: true }))).not.toBe(shared);
  });
});
