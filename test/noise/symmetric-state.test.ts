import { createHash, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { CipherState } from "../../src/noise/cipher-state.ts";
import { hkdf2, SymmetricState } from "../../src/noise/symmetric-state.ts";
import { flipped, noiseNonce, openssl, readVectors, refusal } from "./noise-fixture.ts";

const NOTHING = new Uint8Array(0);
const TEXT = fromHex("c0ffee");

const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  createHash("sha256")
    .update(concatBytes(...parts))
    .digest();

/** SHA-256 of the protocol's name, as the Rust reference implementation has it (`noise_sv2`, its 32 bytes). */
const NAME_HASH = fromHex("2eb47881208e9eee1f669f67c66ee70ea9ea88090d503fe830dc4bc83e29bf10");

describe("HKDF with two outputs", () => {
  it("is that of RFC 5869, test case 3", () => {
    const [first, second] = hkdf2(NOTHING, fromHex("0b".repeat(22)));
    expect(toHex(concatBytes(first, second)).slice(0, 84)).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });

  it("is that of OpenSSL with 64 bytes and no info, for any keys", () => {
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(keys, fc.uint8Array({ maxLength: 80 }), (chainingKey, material) => {
        const [first, second] = hkdf2(chainingKey, material);
        const wanted = new Uint8Array(hkdfSync("sha256", material, chainingKey, NOTHING, 64));
        expect(first).toHaveLength(32);
        expect(toHex(concatBytes(first, second))).toBe(toHex(wanted));
      }),
    );
  });
});

/** Noise NX over X25519, with our HKDF and cipher, and the rest from OpenSSL. */
describe("our HKDF and cipher in Noise_NX_25519_ChaChaPoly_SHA256", () => {
  const vector = readVectors<{
    readonly prologue: string;
    readonly initiatorEphemeral: string;
    readonly responderStatic: string;
    readonly responderEphemeral: string;
    readonly handshakeHash: string;
    readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
  }>("noise-nx-25519.json");

  const privateKey = (raw: string): KeyObject =>
    createPrivateKey({
      key: Buffer.from(`302e020100300506032b656e04220420${raw}`, "hex"),
      format: "der",
      type: "pkcs8",
    });
  const rawPublic = (key: KeyObject): Uint8Array =>
    createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const dh = (ours: KeyObject, theirs: KeyObject): Uint8Array =>
    diffieHellman({ privateKey: ours, publicKey: createPublicKey(theirs) });

  it("gives every message of cacophony's vectors", () => {
    const initiator = privateKey(vector.initiatorEphemeral);
    const responder = privateKey(vector.responderEphemeral);
    const fixed = privateKey(vector.responderStatic);
    const payloads = vector.messages.map(({ payload }) => fromHex(payload));
    const sent: Uint8Array[] = [];
    const take = (): Uint8Array => payloads[sent.length] ?? NOTHING;
    const name = Buffer.from("Noise_NX_25519_ChaChaPoly_SHA256");
    let chainingKey: Uint8Array = name;
    let hash = sha256(name, fromHex(vector.prologue));
    const cipher = new CipherState();
    const mixKey = (material: Uint8Array): void => {
      const [next, key] = hkdf2(chainingKey, material);
      chainingKey = next;
      cipher.initializeKey(key);
    };
    const sealAndHash = (plaintext: Uint8Array): Uint8Array => {
      const sealed = cipher.encryptWithAd(hash, plaintext);
      hash = sha256(hash, sealed);
      return sealed;
    };
    // -> e
    hash = sha256(hash, rawPublic(initiator));
    sent.push(concatBytes(rawPublic(initiator), sealAndHash(take())));
    // <- e, ee, s, es
    hash = sha256(hash, rawPublic(responder));
    mixKey(dh(responder, initiator));
    const sealedKey = sealAndHash(rawPublic(fixed));
    mixKey(dh(fixed, initiator));
    sent.push(concatBytes(rawPublic(responder), sealedKey, sealAndHash(take())));
    expect(toHex(hash)).toBe(vector.handshakeHash);
    const transport = hkdf2(chainingKey, NOTHING).map((key) => {
      const state = new CipherState();
      state.initializeKey(key);
      return state;
    });
    while (sent.length < payloads.length) {
      sent.push(transport[sent.length % 2]?.encrypt(take()) ?? NOTHING);
    }
    expect(sent.map(toHex)).toEqual(vector.messages.map(({ ciphertext }) => ciphertext));
  });
});

describe("the symmetric state", () => {
  const SECRET = fromHex("77".repeat(32));

  it("begins with the hash of the protocol's name, and that hash's hash", () => {
    const symmetric = new SymmetricState();
    expect(toHex(symmetric.hash)).toBe(toHex(sha256(NAME_HASH)));
    const { fromInitiator } = symmetric.split();
    const [key] = hkdf2(NAME_HASH, NOTHING);
    expect(toHex(fromInitiator.encrypt(TEXT))).toBe(
      toHex(openssl.seal(key, noiseNonce(0n), { ad: NOTHING, plaintext: TEXT })),
    );
  });

  it("mixes data into the hash", () => {
    const symmetric = new SymmetricState();
    symmetric.mixHash(TEXT);
    expect(toHex(symmetric.hash)).toBe(toHex(sha256(sha256(NAME_HASH), TEXT)));
  });

  it("without a key lets plaintext through, and mixes it into the hash", () => {
    for (const method of ["encryptAndHash", "decryptAndHash"] as const) {
      const symmetric = new SymmetricState();
      expect(toHex(symmetric[method](TEXT))).toBe(toHex(TEXT));
      expect(toHex(symmetric.hash)).toBe(toHex(sha256(sha256(NAME_HASH), TEXT)));
    }
  });

  it("seals with the hash as associated data, nonce 0 after each key, and mixes the ciphertext", () => {
    const symmetric = new SymmetricState();
    let chainingKey = NAME_HASH;
    for (const material of [SECRET, TEXT]) {
      const [next, key] = hkdf2(chainingKey, material);
      chainingKey = next;
      symmetric.mixKey(material);
      const before = symmetric.hash;
      const wanted = openssl.seal(key, noiseNonce(0n), { ad: before, plaintext: TEXT });
      expect(toHex(symmetric.encryptAndHash(TEXT))).toBe(toHex(wanted));
      expect(toHex(symmetric.hash)).toBe(toHex(sha256(before, wanted)));
    }
  });

  it("opens what the other side seals, and both hashes stay the same", () => {
    const ours = new SymmetricState();
    const theirs = new SymmetricState();
    for (const state of [ours, theirs]) state.mixKey(SECRET);
    for (let round = 0; round < 3; round += 1) {
      expect(toHex(theirs.decryptAndHash(ours.encryptAndHash(TEXT)))).toBe(toHex(TEXT));
      expect(toHex(theirs.hash)).toBe(toHex(ours.hash));
    }
  });

  it("does not mix what it cannot open", () => {
    const ours = new SymmetricState();
    const theirs = new SymmetricState();
    for (const state of [ours, theirs]) state.mixKey(SECRET);
    const before = toHex(theirs.hash);
    const sealed = ours.encryptAndHash(TEXT);
    refusal(() => theirs.decryptAndHash(flipped(sealed, 0)), "bad-mac");
    expect(toHex(theirs.hash)).toBe(before);
    expect(toHex(theirs.decryptAndHash(sealed))).toBe(toHex(TEXT));
  });

  it("splits into the initiator's key first and the responder's second, both from nonce 0", () => {
    const symmetric = new SymmetricState();
    symmetric.mixKey(SECRET);
    const [chainingKey] = hkdf2(NAME_HASH, SECRET);
    const [first, second] = hkdf2(chainingKey, NOTHING);
    const { fromInitiator, fromResponder } = symmetric.split();
    for (const [cipher, key] of [
      [fromInitiator, first],
      [fromResponder, second],
    ] as const) {
      const wanted = openssl.seal(key, noiseNonce(0n), { ad: NOTHING, plaintext: TEXT });
      expect(toHex(cipher.encrypt(TEXT))).toBe(toHex(wanted));
    }
  });
});
