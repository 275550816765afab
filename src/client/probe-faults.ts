/** What can go wrong with a probe, each as one sentence that says what to do. */

import { AditError } from "../core/errors.ts";
import { hostAndPort } from "../core/host-and-port.ts";
import { isAllText } from "../wire/foreign-protocol.ts";
import { type ConnectionPlace, connectionFault, connectionTimeout, protocolFault } from "./connection-faults.ts";
import { ClientError } from "./errors.ts";
import type { ProbeStep } from "./probe-events.ts";

export type ProbedPlace = Pick<ConnectionPlace, "host" | "port" | "encrypted">;

/** What the pool should have said, and what may keep it from that. */
const AWAITED: Partial<Record<ProbeStep, readonly [awaited: string, advice: string]>> = {
  channel: [
    "an answer to the request for a channel",
    "it may have no work because its node is away, so ask the pool's operator",
  ],
  job: [
    "a job and the SetNewPrevHash that starts it",
    "its node may be away or still syncing, so ask the pool's operator",
  ],
};

function stageOf(step: ProbeStep): ConnectionPlace["stage"] {
  if (step === "connect") return "connecting";
  if (step === "setup") return "unanswered";
  return step === "handshake" || step === "certificate" ? "handshake" : "answered";
}

/** Nothing, or not enough, came in time. @param heard the first bytes that came in this step of a handshake. */
export function timeoutFault(
  place: ProbedPlace,
  { step, seconds, heard }: { readonly step: ProbeStep; readonly seconds: number; readonly heard: Uint8Array },
): ClientError {
  const foreign = foreignFault(place, heard);
  if (foreign !== undefined) return foreign;
  const [awaited, advice] = AWAITED[step] ?? [];
  if (awaited === undefined) return connectionTimeout({ ...place, stage: stageOf(step) }, seconds);
  const message = `${hostAndPort(place)} did not send ${awaited} within ${seconds} s: ${advice}`;
  return new ClientError(message, { code: "pool-silent" });
}

/** @param cause what the socket reported; undefined where the pool closed it. */
export function endFault(
  place: ProbedPlace,
  { step, cause, heard }: { readonly step: ProbeStep; readonly cause: Error | undefined; readonly heard: Uint8Array },
): ClientError {
  const foreign = foreignFault(place, heard);
  if (foreign !== undefined) return foreign;
  const [awaited] = AWAITED[step] ?? [];
  if (awaited === undefined) return connectionFault({ ...place, stage: stageOf(step) }, cause);
  const message = `${hostAndPort(place)} closed the connection in place of ${awaited}: ask the pool's operator, whose log has the reason`;
  return new ClientError(message, { code: "connection-lost", cause });
}

/** @param error thrown while what the pool sent was read. */
export function readingFault(
  place: ProbedPlace,
  { step, error, heard }: { readonly step: ProbeStep; readonly error: unknown; readonly heard: Uint8Array },
): Error {
  const isOfPool = error instanceof AditError && error.code.startsWith("certificate-");
  const foreign = isOfPool ? undefined : foreignFault(place, heard);
  return foreign ?? protocolFault({ ...place, stage: stageOf(step) }, error);
}

/** The pool did what no pool of Stratum V2 may do. */
export function unexpected(what: string): ClientError {
  return new ClientError(`the pool broke the protocol: it ${what}; ask the pool's operator to update it`, {
    code: "unexpected-message",
  });
}

/**
 * Something else than Stratum V2 listens there, as far as its first bytes tell: an error where they do. Text is no part of a
 * handshake, whose bytes are random, and of no frame, which begins with zeros.
 */
export function foreignFault(place: ProbedPlace, heard: Uint8Array): ClientError | undefined {
  const what = foreignAnswer(heard);
  if (what === undefined) return undefined;
  const message = `${hostAndPort(place)} is no Stratum V2 server, it answers with ${what}: check the port in the URL`;
  return new ClientError(message, { code: "unexpected-message" });
}

/** So many bytes of nothing but text are no chance: less than one handshake in 2^40 begins so. */
const SURELY_TEXT_BYTES = 30;

function foreignAnswer(heard: Uint8Array): string | undefined {
  if (isTlsAlert(heard)) return "TLS";
  const text = new TextDecoder("latin1").decode(heard);
  if (/^HTTP\/\d/.test(text)) return "HTTP";
  if (!isAllText(text, SURELY_TEXT_BYTES)) return undefined;
  return text.startsWith("{") ? "JSON, as Stratum V1 does" : "text";
}

/** A record of type 21, version 3.0 to 3.4, with the two bytes of an alert: what TLS says to what is no TLS. */
function isTlsAlert(heard: Uint8Array): boolean {
  const [type, major, minor = 0, high, low, level = 0] = heard;
  return type === 21 && major === 3 && minor <= 4 && high === 0 && low === 2 && (level === 1 || level === 2);
}
