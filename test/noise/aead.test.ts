import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { MAC_BYTES, nobleAead } from "../../src/noise/aead.ts";
import { flipped, noiseNonce, openssl, refusal } from "./noise-fixture.ts";

/**
 * RFC 8439: encryption (§2.8.2) and decryption (A.5). Their nonces are none that Noise counts to, so that the cipher
 * below ours has to meet them, and OpenSSL's too; ours is then compared with OpenSSL.
 */
const RFC_8439 = [
  {
    section: "2.8.2",
    key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    nonce: "070000004041424344454647",
    ad: "50515253c0c1c2c3c4c5c6c7",
    plaintext: toHex(
      new TextEncoder().encode(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    ),
    ciphertext:
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6" +
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" +
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
      "3ff4def08e4b7a9de576d26586cec64b6116" +
      "1ae10b594f09e26a7e902ecbd0600691",
  },
  {
    section: "A.5",
    key: "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
    nonce: "000000000102030405060708",
    ad: "f33388860000000000004e91",
    plaintext: toHex(
      new TextEncoder().encode(
        "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted " +
          "by other documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite " +
          "them other than as /\u201cwork in progress./\u201d",
      ),
    ),
    ciphertext:
      "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2" +
      "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf" +
      "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855" +
      "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4" +
      "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e" +
      "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a" +
      "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10" +
      "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29" +
      "a6ad5cb4022b02709b" +
      "eead9d67890cbb22392336fea1851f38",
  },
];

describe.each(RFC_8439)("RFC 8439 $section", (vector) => {
  const key = fromHex(vector.key);
  const nonce = fromHex(vector.nonce);
  const ad = fromHex(vector.ad);
  const plaintext = fromHex(vector.plaintext);
  const ciphertext = fromHex(vector.ciphertext);

  it("is met by the cipher below ours", () => {
    expect(toHex(chacha20poly1305(key, nonce, ad).encrypt(plaintext))).toBe(vector.ciphertext);
    expect(toHex(chacha20poly1305(key, nonce, ad).decrypt(ciphertext))).toBe(vector.plaintext);
  });

  it("is met by OpenSSL, which ours is compared with", () => {
    expect(toHex(openssl.seal(key, nonce, { ad, plaintext }))).toBe(vector.ciphertext);
    expect(toHex(openssl.open(key, nonce, { ad, ciphertext }))).toBe(vector.plaintext);
  });
});

describe("the AEAD", () => {
  const key = fromHex("42".repeat(32));
  const aead = nobleAead(key);
  const ad = fromHex("0badc0de");
  const plaintext = fromHex("00112233445566778899aabbccddeeff01");

  it("seals as OpenSSL does, and opens what OpenSSL seals, whatever the nonce and the lengths", () => {
    const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(keys, fc.maxSafeNat(), bytes(80), bytes(400), (anyKey, nonce, anyAd, text) => {
        const wanted = openssl.seal(anyKey, noiseNonce(BigInt(nonce)), { ad: anyAd, plaintext: text });
        expect(toHex(nobleAead(anyKey).seal(nonce, anyAd, text))).toBe(toHex(wanted));
        expect(toHex(nobleAead(anyKey).open(nonce, anyAd, wanted))).toBe(toHex(text));
      }),
    );
  });

  it.each([0, 1, 0xff, 0x100, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001, Number.MAX_SAFE_INTEGER])(
    "writes nonce %d in 64 bits, little-endian, after 32 zero bits",
    (nonce) => {
      const wanted = openssl.seal(key, noiseNonce(BigInt(nonce)), { ad, plaintext });
      expect(toHex(aead.seal(nonce, ad, plaintext))).toBe(toHex(wanted));
    },
  );

  it("adds a MAC of 16 bytes, also to nothing", () => {
    expect(aead.seal(0, ad, plaintext)).toHaveLength(plaintext.length + MAC_BYTES);
    expect(MAC_BYTES).toBe(16);
    const sealed = aead.seal(0, ad, new Uint8Array(0));
    expect(sealed).toHaveLength(16);
    expect(aead.open(0, ad, sealed)).toHaveLength(0);
  });

  it("leaves what it is given as it is", () => {
    const sealed = aead.seal(3, ad, plaintext);
    const before = toHex(sealed);
    aead.open(3, ad, sealed);
    expect(toHex(sealed)).toBe(before);
    expect(toHex(plaintext)).toBe("00112233445566778899aabbccddeeff01");
  });

  it("does not open a message with any one bit turned", () => {
    const sealed = aead.seal(7, ad, plaintext);
    for (let index = 0; index < sealed.length; index += 1) {
      refusal(() => aead.open(7, ad, flipped(sealed, index)), "bad-mac");
    }
    expect(toHex(aead.open(7, ad, sealed))).toBe(toHex(plaintext));
  });

  it("does not open a message with another nonce, other associated data or another key", () => {
    const sealed = aead.seal(7, ad, plaintext);
    refusal(() => aead.open(6, ad, sealed), "bad-mac");
    refusal(() => aead.open(8, ad, sealed), "bad-mac");
    refusal(() => aead.open(7 + 2 ** 32, ad, sealed), "bad-mac");
    refusal(() => aead.open(7, flipped(ad, 0), sealed), "bad-mac");
    refusal(() => aead.open(7, new Uint8Array(0), sealed), "bad-mac");
    refusal(() => nobleAead(flipped(key, 31)).open(7, ad, sealed), "bad-mac");
  });

  it("does not open a message that is cut, down to nothing", () => {
    const sealed = aead.seal(0, ad, plaintext);
    for (let length = 0; length < sealed.length; length += 1) {
      const error = refusal(() => aead.open(0, ad, sealed.subarray(0, length)), "bad-mac");
      expect(error.message.includes("shorter than its MAC")).toBe(length < MAC_BYTES);
    }
  });
});
