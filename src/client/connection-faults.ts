/** What can go wrong between a client and its pool, each as one sentence that says what to do. */

import { AditError } from "../core/errors.ts";
import { hostAndPort } from "../core/host-and-port.ts";
import { NoiseError } from "../noise/errors.ts";
import { ClientError } from "./errors.ts";

/**
 * How far a connection has come: the TCP connection, the handshake, our first message and the pool's answer to it.
 * Without encryption there is no handshake.
 */
export type ConnectionStage = "connecting" | "handshake" | "unanswered" | "answered";

export type ConnectionPlace = {
  readonly host: string;
  readonly port: number;
  readonly encrypted: boolean;
  readonly stage: ConnectionStage;
};

/** @param cause what the socket reported; undefined where the other side closed it. */
export function connectionFault(place: ConnectionPlace, cause: NodeJS.ErrnoException | undefined): ClientError {
  const { stage } = place;
  if (stage === "answered") {
    const what = cause === undefined ? "the pool closed it" : errorCode(cause);
    return fault("connection-lost", place, { message: `lost the connection to ${hostAndPort(place)}: ${what}`, cause });
  }
  if (stage === "connecting") {
    const why = errorCode(cause);
    const message = NOT_FOUND.has(why)
      ? `there is no host ${place.host} (${why}): check its name in the URL, and this machine's DNS`
      : `cannot connect to ${hostAndPort(place)} (${why}): check that the pool runs, and its host and port in the URL`;
    return fault("connect-failed", place, { message, cause });
  }
  const what = `${hostAndPort(place)} closed the connection ${DURING[stage]}`;
  return fault("connect-failed", place, { message: `${what}: ${adviceFor(place)}`, cause });
}

export function connectionTimeout(place: ConnectionPlace, seconds: number): ClientError {
  const message =
    place.stage === "connecting"
      ? `no answer from ${hostAndPort(place)} within ${seconds} s: check host and port in the URL, and the firewalls between`
      : `${hostAndPort(place)} takes connections, but did not answer within ${seconds} s: ${adviceFor(place)}`;
  return fault("connect-failed", place, { message, cause: undefined });
}

/** @param error thrown while what the pool sent was read. */
export function protocolFault(place: ConnectionPlace, error: unknown): Error {
  if (!(error instanceof AditError)) return error instanceof Error ? error : new Error(String(error));
  const speaksForItself = error instanceof ClientError || error.code.startsWith("certificate-");
  if (speaksForItself) return error;
  // Behind a handshake with the right key is the pool, and no other program.
  if (place.stage === "answered" || (place.encrypted && place.stage === "unanswered")) {
    const message = `${hostAndPort(place)} broke the protocol (${error.code}): ${error.message}`;
    return fault("unexpected-message", place, { message, cause: error });
  }
  const what = error instanceof NoiseError ? "the handshake of an encrypted connection" : "Stratum V2 in plaintext";
  const message = `${hostAndPort(place)} did not answer with ${what}: ${adviceFor(place)}`;
  return fault("unexpected-message", place, { message, cause: error });
}

/** From a resolver that knows no such name, or that cannot be asked. */
const NOT_FOUND = new Set(["ENOTFOUND", "EAI_AGAIN"]);

const DURING = { handshake: "during the handshake", unanswered: "without an answer" } as const;

function adviceFor({ encrypted, stage }: ConnectionPlace): string {
  if (!encrypted) {
    return "check that a pool listens there and takes plaintext from here, or use its URL with the key, without --plaintext";
  }
  if (stage === "unanswered") return "the pool may be full or about to stop, so try again later";
  return "check that a Stratum V2 pool listens there, and its port in the URL";
}

/** A name that resolves to several addresses fails with an error that has a code, but no message. */
function errorCode(cause: NodeJS.ErrnoException | undefined): string {
  return cause?.code ?? cause?.message ?? "closed";
}

function fault(
  code: ClientError["code"],
  { host, port }: ConnectionPlace,
  { message, cause }: { readonly message: string; readonly cause: unknown },
): ClientError {
  return new ClientError(message, { code, details: { host, port }, cause });
}
