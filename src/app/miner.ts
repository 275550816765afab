/** The miner command: from flags to a running miner, until it has what was asked for or is told to stop. */

import { type MinerOptions, runMiner } from "../client/miner.ts";
import { hashrateFlag, poolUrl, userFlag } from "./client-flags.ts";
import type { CommandFlag } from "./command.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { type Arguments, choiceFlag, wholeFlag } from "./flags.ts";
import { showAsJson, showAsText } from "./miner-output.ts";
import type { Output } from "./output.ts";

export const MINER_FLAGS: readonly CommandFlag[] = [
  { name: "user", type: "string", default: "adit-miner", describe: "User identity: NAME.worker or ADDRESS.worker" },
  { name: "channel", type: "string", default: "extended", describe: "Kind of channel: standard or extended" },
  { name: "threads", type: "string", default: "1", describe: "Mining threads" },
  { name: "shares", type: "string", describe: "Stop after so many accepted shares" },
  { name: "hashrate", type: "string", describe: "Hashes per second to announce; measured if not given" },
  { name: "plaintext", type: "boolean", describe: "Connect without encryption" },
  { name: "json", type: "boolean", describe: "One JSON object per line, as docs/miner.md has them" },
];

/** More than any machine has cores. */
const MAX_THREADS = 1_024;

/** Arbitrary. */
const MAX_SHARES = 1_000_000_000;

/** @throws {UsageError} for a wrong flag; {AditError} with what ended the miner. */
export async function mine(
  given: Arguments,
  context: { readonly output: Output; readonly stopSignal: Promise<unknown> },
): Promise<number> {
  const { output, stopSignal } = context;
  const onEvent = given.json === true ? showAsJson(output) : showAsText(output, () => new Date());
  await runMiner(minerOptions(given), { onEvent, stopSignal: Promise.race([stopSignal, output.closed]) });
  return EXIT_OK;
}

/** @throws {UsageError} */
export function minerOptions(given: Arguments): MinerOptions {
  return {
    url: poolUrl(given, "miner"),
    user: userFlag(given),
    channel: choiceFlag(given, "channel", ["standard", "extended"]) ?? "extended",
    threads: wholeFlag(given, "threads", MAX_THREADS) ?? 1,
    shares: wholeFlag(given, "shares", MAX_SHARES),
    plaintext: given.plaintext === true,
    hashrate: hashrateFlag(given),
  };
}
