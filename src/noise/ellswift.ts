/** Key pairs of the handshake: secp256k1 with public keys in ElligatorSwift encoding. SV2 §4.3.1, BIP324. */

import { schnorr } from "@noble/curves/secp256k1.js";
import { elligatorSwift } from "@scure/btc-signer/p2p.js";

export const ELLSWIFT_BYTES = 64;

export type EllswiftKeyPair = {
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
  /** 64 bytes. One key has many encodings; each looks random. */
  readonly ellswift: Uint8Array;
};

/** The x coordinate of a secret key's point, 32 bytes. */
export function xOnlyPublicKey(secretKey: Uint8Array): Uint8Array {
  return schnorr.getPublicKey(secretKey);
}

/** A fresh encoding of a secret key's public key. @param secretKey 32 bytes, a valid secp256k1 key. */
export function ellswiftKeyPair(secretKey: Uint8Array): EllswiftKeyPair {
  let x = 0n;
  for (const byte of xOnlyPublicKey(secretKey)) x = (x << 8n) | BigInt(byte);
  return { secretKey, ellswift: elligatorSwift.encode(x) };
}

/** A new key pair from the system's randomness. */
export function generateKeyPair(): EllswiftKeyPair {
  return ellswiftKeyPair(schnorr.utils.randomSecretKey());
}

/** The x coordinate that 64 bytes stand for, 32 bytes. Any 64 bytes stand for one. */
export function xOnlyOf(ellswift: Uint8Array): Uint8Array {
  return elligatorSwift.decode(ellswift);
}

/** The shared secret of BIP324's v2_ecdh, 32 bytes. Both sides get the same, each with its own role. */
export function ecdh(
  ours: EllswiftKeyPair,
  theirEllswift: Uint8Array,
  options: { readonly initiator: boolean },
): Uint8Array {
  return elligatorSwift.getSharedSecretBip324(ours.secretKey, theirEllswift, ours.ellswift, options.initiator);
}
