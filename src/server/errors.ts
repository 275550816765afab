/** Errors of the server's own: what keeps it from listening. */

import { AditError, SHUTDOWN } from "../core/errors.ts";

export class ListenError extends AditError {
  override readonly name = "ListenError";
  constructor(address: { readonly host: string; readonly port: number }, cause: NodeJS.ErrnoException) {
    const what = cause.code === "EADDRINUSE" ? "another program listens there" : (cause.code ?? cause.message);
    super(`cannot listen on ${address.host}:${address.port}: ${what}; choose another stratum.stratum_v2_listen`, {
      code: "listen-failed",
      disposition: SHUTDOWN,
      details: { host: address.host, port: address.port, errno: cause.code },
      cause,
    });
  }
}
