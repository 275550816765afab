/** Flags that all commands have which connect to a pool as a client. */

import { UsageError } from "./errors.ts";
import { type Arguments, numberFlag, textFlag } from "./flags.ts";

/** Of a user identity: SV2 §5.3.2. */
const MAX_USER_BYTES = 255;

/** Arbitrary, far above all miners of the world together, and well inside what the protocol's 32-bit float holds. */
const MAX_HASHRATE = 1e30;

/** The word that is no flag. @throws {UsageError} where it is missing. */
export function poolUrl(given: Arguments, command: "miner" | "probe"): string {
  const url = textFlag(given, "url");
  if (url !== undefined) return url;
  const needed = `adit ${command} stratum2+tcp://HOST:PORT/KEY is needed`;
  throw new UsageError("config-invalid", `the pool's URL is missing: ${needed}`);
}

/** What the miner announces. @throws {UsageError} for anything else than a number above 0. */
export function hashrateFlag(given: Arguments): number | undefined {
  return numberFlag(given, "hashrate", { most: MAX_HASHRATE, what: "hashes a second, such as 5000000 or 5e6," });
}

/** @throws {UsageError} where it is too long. */
export function userFlag(given: Arguments): string {
  const user = textFlag(given, "user") ?? "";
  const userBytes = new TextEncoder().encode(user).length;
  if (userBytes <= MAX_USER_BYTES) return user;
  throw new UsageError("config-invalid", `--user has ${userBytes} bytes, but at most ${MAX_USER_BYTES} are allowed`);
}
