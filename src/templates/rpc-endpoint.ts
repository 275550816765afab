/**
 * Where a node's JSON-RPC is, out of the `rpc_url` that an operator wrote. User and password in it are taken apart at
 * once, so that nothing that is logged ever holds them.
 */

import type { Network } from "../bitcoin/network.ts";
import { TemplateError } from "./errors.ts";

export type RpcEndpoint = {
  /** Host name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Begins with `/`. */
  readonly path: string;
  /** `http://HOST:PORT`, for names, messages and logs. */
  readonly label: string;
  /** What stood before the `@`, decoded. */
  readonly user: { readonly name: string; readonly password: string } | undefined;
};

/** Bitcoin Core's RPC ports, for an address without a port. */
const DEFAULT_PORTS: Readonly<Record<Network, number>> = { main: 8332, testnet4: 48332, signet: 38332, regtest: 18443 };

/**
 * @param text e.g. `http://127.0.0.1:8332` or `http://user:password@[::1]`; without a port the network's usual one.
 * @throws {TemplateError} `node-options-invalid`; the message shows nothing of `text`, which may hold a password.
 */
export function parseRpcUrl(text: string, network: Network): RpcEndpoint {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid("it is not a URL");
  }
  if (url.protocol !== "http:") throw invalid("it must begin with http://");
  if (url.hostname === "") throw invalid("it names no host");
  if (url.search !== "" || url.hash !== "") throw invalid("it must end after the port or a path");
  // URL drops a port that is the scheme's own, so 80 is looked for in the text.
  const port = url.port !== "" ? Number(url.port) : /:80(\/|$)/.test(text) ? 80 : DEFAULT_PORTS[network];
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    path: url.pathname,
    label: `http://${url.hostname}:${port}`,
    user: url.username === "" && url.password === "" ? undefined : userOf(url),
  };
}

function userOf(url: URL): { name: string; password: string } {
  try {
    return { name: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  } catch {
    throw invalid("its user or password has a % that begins no code (write %25 for a %)");
  }
}

function invalid(what: string): TemplateError {
  return new TemplateError(
    "node-options-invalid",
    `the node's rpc_url cannot be used: ${what}. Right would be http://127.0.0.1:8332`,
  );
}
