/** The keys of a server under test. */

import { ellswiftKeyPair, generateKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";

const authority = generateKeyPair();

/** What a server needs to show who it is. */
export const SERVER_KEYS = {
  authoritySecretKey: authority.secretKey,
  staticKeyPair: ellswiftKeyPair(generateKeyPair().secretKey),
};

export const AUTHORITY_PUBLIC_KEY: Uint8Array = xOnlyPublicKey(authority.secretKey);
