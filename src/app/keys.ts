/** The keys command: makes the pool's keys if there are none, and shows the public one and where the others are. */

import { encodeAuthorityKey } from "../noise/authority-key.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { loadOrCreateKeys } from "./key-store.ts";
import type { Output } from "./output.ts";

/** @throws {UsageError} where the data folder or a key file cannot be used. */
export function showKeys(dataDir: string, context: { readonly output: Output; readonly json: boolean }): number {
  const { output, json } = context;
  const { authorityPublicKey, authorityKeyFile, staticKeyFile } = loadOrCreateKeys(dataDir);
  const authorityKey = encodeAuthorityKey(authorityPublicKey);
  if (json) {
    output.print(
      JSON.stringify({
        authority_public_key: authorityKey,
        authority_key_file: authorityKeyFile,
        static_key_file: staticKeyFile,
      }),
    );
    return EXIT_OK;
  }
  output.print(`Authority public key (the last part of the miners' URL): ${authorityKey}`);
  output.print(`Authority secret key: ${authorityKeyFile}`);
  output.print(`Static secret key:    ${staticKeyFile}`);
  return EXIT_OK;
}
