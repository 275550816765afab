/** Errors of the server's own: what keeps it from listening. */

import { AditError, SHUTDOWN } from "../core/errors.ts";
import { hostAndPort } from "../core/host-and-port.ts";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "this user may not, as is usual below port 1024",
};

export class ListenError extends AditError {
  override readonly name = "ListenError";
  constructor(address: { readonly host: string; readonly port: number }, cause: NodeJS.ErrnoException) {
    const what = REASONS[cause.code ?? ""] ?? cause.message;
    super(`cannot listen on ${hostAndPort(address)}: ${what}; choose another stratum.stratum_v2_listen`, {
      code: "listen-failed",
      disposition: SHUTDOWN,
      details: { host: address.host, port: address.port, errno: cause.code },
      cause,
    });
  }
}
