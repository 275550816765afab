import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { CipherState } from "../../src/noise/cipher-state.ts";
import { cipherWith, flipped, noiseNonce, openssl, refusal } from "./noise-fixture.ts";

const KEY = fromHex("5a".repeat(32));
const AD = fromHex("aa55");
const NO_AD = new Uint8Array(0);
const TEXT = fromHex("73656e642077616974696e67");

const sealedAs = (counter: number, ad: Uint8Array): string =>
  toHex(openssl.seal(KEY, noiseNonce(BigInt(counter)), { ad, plaintext: TEXT }));

describe("a cipher state", () => {
  it("without a key gives back what it is given", () => {
    const cipher = new CipherState();
    expect(cipher.hasKey).toBe(false);
    expect(cipher.encryptWithAd(AD, TEXT)).toBe(TEXT);
    expect(cipher.decryptWithAd(AD, TEXT)).toBe(TEXT);
    expect(cipher.encrypt(TEXT)).toBe(TEXT);
    expect(cipher.decrypt(TEXT)).toBe(TEXT);
  });

  it("counts no nonce while it has no key", () => {
    const cipher = new CipherState();
    cipher.encryptWithAd(AD, TEXT);
    cipher.initializeKey(KEY);
    expect(cipher.hasKey).toBe(true);
    expect(toHex(cipher.encryptWithAd(AD, TEXT))).toBe(sealedAs(0, AD));
  });

  it("encrypts with nonces 0, 1, 2, and past 255", () => {
    const cipher = cipherWith(KEY);
    for (let nonce = 0; nonce < 300; nonce += 1) {
      expect(toHex(cipher.encryptWithAd(AD, TEXT))).toBe(sealedAs(nonce, AD));
    }
  });

  it("decrypts with nonces 0, 1, 2, and past 255", () => {
    const cipher = cipherWith(KEY);
    for (let nonce = 0; nonce < 300; nonce += 1) {
      expect(toHex(cipher.decryptWithAd(AD, fromHex(sealedAs(nonce, AD))))).toBe(toHex(TEXT));
    }
  });

  it("of the transport has no associated data", () => {
    expect(toHex(cipherWith(KEY).encrypt(TEXT))).toBe(sealedAs(0, NO_AD));
    expect(toHex(cipherWith(KEY).decrypt(fromHex(sealedAs(0, NO_AD))))).toBe(toHex(TEXT));
  });

  it("counts anew with a new key", () => {
    const cipher = cipherWith(fromHex("17".repeat(32)));
    cipher.encrypt(TEXT);
    cipher.initializeKey(KEY);
    expect(toHex(cipher.encrypt(TEXT))).toBe(sealedAs(0, NO_AD));
  });

  it("keeps its nonce when a MAC is wrong, however often", () => {
    const cipher = cipherWith(KEY);
    cipher.decrypt(fromHex(sealedAs(0, NO_AD)));
    const sealed = fromHex(sealedAs(1, NO_AD));
    for (const wrong of [flipped(sealed, 0), flipped(sealed, sealed.length - 1), sealed.subarray(1), NO_AD]) {
      refusal(() => cipher.decrypt(wrong), "bad-mac");
      refusal(() => cipher.decryptWithAd(AD, sealed), "bad-mac");
    }
    expect(toHex(cipher.decrypt(sealed))).toBe(toHex(TEXT));
    expect(toHex(cipher.decrypt(fromHex(sealedAs(2, NO_AD))))).toBe(toHex(TEXT));
  });

  it("opens no message twice, and none out of order", () => {
    const cipher = cipherWith(KEY);
    refusal(() => cipher.decrypt(fromHex(sealedAs(1, NO_AD))), "bad-mac");
    cipher.decrypt(fromHex(sealedAs(0, NO_AD)));
    refusal(() => cipher.decrypt(fromHex(sealedAs(0, NO_AD))), "bad-mac");
  });
});
