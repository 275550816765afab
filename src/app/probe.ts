/** The probe command: what its flags become, and how a probe is run and shown. */

import type { ProbeOptions } from "../client/probe.ts";
import { runProbe } from "../client/run-probe.ts";
import type { Clock } from "../core/clock.ts";
import { parsePoolUrl } from "../noise/pool-url.ts";
import { hashrateFlag, poolUrl, userFlag } from "./client-flags.ts";
import type { CommandFlag } from "./command.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { type Arguments, choiceFlag, numberFlag } from "./flags.ts";
import type { Output } from "./output.ts";
import { showStepAsJson, showStepAsText } from "./probe-output.ts";

/** For each step: a pool waits some seconds for its node before it refuses a channel. */
const DEFAULT_SECONDS = 10;

/** Arbitrary. */
const MAX_SECONDS = 3_600;

/** What a Bitaxe announces, whatever it has. */
const DEFAULT_HASHRATE = 1e12;

export const PROBE_FLAGS: readonly CommandFlag[] = [
  { name: "user", type: "string", default: "adit-probe", describe: "User identity: NAME.worker or ADDRESS.worker" },
  { name: "channel", type: "string", default: "extended", describe: "Kind of channel: standard or extended" },
  {
    name: "hashrate",
    type: "string",
    default: String(DEFAULT_HASHRATE),
    describe: "Hashes per second to announce",
  },
  {
    name: "timeout",
    type: "string",
    default: String(DEFAULT_SECONDS),
    describe: "Seconds that each step may take",
  },
  { name: "plaintext", type: "boolean", describe: "Connect without encryption" },
  { name: "json", type: "boolean", describe: "One JSON object per step" },
];

/** @throws {UsageError} for a wrong flag; {NoiseError} for a wrong URL; {AditError} with what is wrong with the pool. */
export async function probe(
  given: Arguments,
  { output, clock }: { readonly output: Output; readonly clock: Clock },
): Promise<number> {
  const options = probeOptions(given);
  const show = given.json === true ? showStepAsJson : showStepAsText;
  await runProbe(options, { clock, onStep: (event) => show(event, output) });
  return EXIT_OK;
}

/** @throws {UsageError}, {NoiseError} */
export function probeOptions(given: Arguments): ProbeOptions {
  const { host, port, authorityPublicKey } = parsePoolUrl(poolUrl(given, "probe"));
  return {
    identity: {
      kind: choiceFlag(given, "channel", ["standard", "extended"]) ?? "extended",
      host,
      port,
      vendor: "adit",
      firmware: "adit-probe",
      userIdentity: new TextEncoder().encode(userFlag(given)),
      nominalHashrate: hashrateFlag(given) ?? DEFAULT_HASHRATE,
    },
    plaintext: given.plaintext === true,
    authorityPublicKey,
    timeoutSeconds: numberFlag(given, "timeout", { most: MAX_SECONDS, what: "seconds" }) ?? DEFAULT_SECONDS,
  };
}
