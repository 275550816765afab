/** How a probe's steps are shown: as JSON for programs, or as lines for people. What is wrong is said where the command ends. */

import type { CertificateFacts, JobFacts, ProbeEvent, ProbeFacts } from "../client/probe-events.ts";
import { hostAndPort } from "../core/host-and-port.ts";
import { printableJson } from "../core/printable-text.ts";
import type { Output } from "./output.ts";

/** One object per line. */
export function showStepAsJson(event: ProbeEvent, output: Output): void {
  output.print(printableJson(event));
}

/** A line for each step, and one for each of its notes. */
export function showStepAsText(event: ProbeEvent, output: Output): void {
  const { step, ok, ms } = event;
  output.print(
    `${step.padEnd(12)}${ok ? "ok    " : "failed"} ${ms.toFixed(1).padStart(8)} ms  ${factsOf(event)}`.trimEnd(),
  );
  if (ok) for (const note of event.notes) output.print(`  note: ${note}`);
}

function factsOf(event: ProbeEvent): string {
  if (event.ok) return textOf(event);
  return event.certificate === undefined ? "" : textOfCertificate(event.certificate);
}

function textOf(facts: ProbeFacts): string {
  switch (facts.step) {
    case "connect":
      return hostAndPort({ host: facts.address, port: facts.port });
    case "handshake":
    case "close":
      return "";
    case "certificate":
      return textOfCertificate(facts);
    case "setup":
      return `version ${facts.usedVersion}, flags ${facts.flags}`;
    case "channel": {
      const { channel, channelId, groupChannelId, difficulty, extranoncePrefix, extranonceSize } = facts;
      const extranonce = `extranonce ${extranoncePrefix} and ${extranonceSize} bytes to roll`;
      return `${channel} channel ${channelId} of group ${groupChannelId}, difficulty ${short(difficulty)}, ${extranonce}`;
    }
    case "job":
      return textOfJob(facts);
  }
}

function textOfCertificate(facts: CertificateFacts): string {
  const { version, validFrom, notValidAfter, clockDriftSeconds, secondsLeft, signature } = facts;
  const clock =
    clockDriftSeconds === 0
      ? `this clock is inside, with ${secondsLeft} s left`
      : `this clock is ${Math.abs(clockDriftSeconds)} s ${clockDriftSeconds < 0 ? "before" : "after"} that`;
  return `version ${version}, valid from ${validFrom} to ${notValidAfter}, ${clock}, signature ${signature.replaceAll("-", " ")}`;
}

function textOfJob(facts: JobFacts): string {
  const { jobId, sentTo, prevHash, networkDifficulty, minNtimeAheadSeconds: ahead, frameBytes, coinbase } = facts;
  const parts = [`job ${jobId} for the ${sentTo}`];
  if (coinbase !== undefined) {
    const { height, outputs, value, merkleBranches } = coinbase;
    const branches = `${merkleBranches} merkle ${merkleBranches === 1 ? "branch" : "branches"}`;
    const paid = `${outputs} ${outputs === 1 ? "output" : "outputs"} of ${value} sat together`;
    parts.push(`height ${height ?? "not said"}`, paid, branches);
  }
  parts.push(
    `${frameBytes} bytes`,
    `version ${facts.version}${facts.versionRollingAllowed ? "" : " fixed"}`,
    `min_ntime ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} this clock`,
    `on ${prevHash}`,
    `network difficulty ${short(networkDifficulty)}`,
  );
  return parts.join(", ");
}

function short(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
}
