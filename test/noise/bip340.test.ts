import { schnorr } from "@noble/curves/secp256k1.js";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { verifyCertificate } from "../../src/noise/certificate.ts";
import { xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { readVectors, refusal } from "./noise-fixture.ts";

type Vector = {
  readonly index: number;
  readonly secretKey: string;
  readonly publicKey: string;
  readonly auxRand: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
  readonly comment: string;
};

/** BIP340's own vectors, on the functions that certificates are signed and verified with. */
const { vectors } = readVectors<{ readonly vectors: readonly Vector[] }>("noise-bip340.json");
const signing = vectors.filter(({ secretKey }) => secretKey !== "");
const refused = vectors.filter(({ valid }) => !valid);

describe("Schnorr signatures, as BIP340 has them", () => {
  it.each(signing)("vector $index: the secret key has that public key", ({ secretKey, publicKey }) => {
    expect(toHex(xOnlyPublicKey(fromHex(secretKey)))).toBe(publicKey);
  });

  it.each(signing)("vector $index signs", ({ secretKey, auxRand, message, signature }) => {
    expect(toHex(schnorr.sign(fromHex(message), fromHex(secretKey), fromHex(auxRand)))).toBe(signature);
  });

  it.each(vectors)("vector $index verifies: $valid $comment", ({ publicKey, message, signature, valid }) => {
    expect(schnorr.verify(fromHex(signature), fromHex(message), fromHex(publicKey))).toBe(valid);
  });

  it.each(refused)("vector $index in a certificate is a bad signature: $comment", ({ publicKey, signature }) => {
    const message = fromHex(`0000${"00000000"}${"ffffffff"}${signature}`);
    const certificate = { message, staticPublicKeyX: new Uint8Array(32), authorityPublicKey: fromHex(publicKey) };
    refusal(() => verifyCertificate({ ...certificate, nowSeconds: 1 }), "certificate-signature");
  });
});
