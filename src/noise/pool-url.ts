/** The URL that a miner is given: `stratum2+tcp://HOST:PORT/AUTHORITY_KEY`. SV2 §4.7. */

import { isIPv6 } from "node:net";
import { hostAndPort } from "../core/host-and-port.ts";
import { isPrintable } from "../core/printable-text.ts";
import { decodeAuthorityKey, encodeAuthorityKey } from "./authority-key.ts";
import { NoiseError } from "./errors.ts";

export type PoolAddress = {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** 32 bytes. */
  readonly authorityPublicKey: Uint8Array | undefined;
};

const SCHEME = "stratum2+tcp://";
/** What follows the scheme; what host and port may be is checked afterwards, each with its own message. */
const REST = /^(?<host>\[[^\]/]*\]|[^:/]*)(?::(?<port>[^/]*))?(?:\/(?<key>.*))?$/s;
const NAME = /^[^\s:/?#@\\[\]]+$/;

export function formatPoolUrl(address: PoolAddress & { readonly authorityPublicKey: Uint8Array }): string {
  return `${SCHEME}${hostAndPort(address)}/${encodeAuthorityKey(address.authorityPublicKey)}`;
}

/**
 * @param pasted what comes along with a copied URL (spaces around it, a slash at its end) does no harm.
 * @throws {NoiseError} `url-invalid`, `key-invalid`.
 */
export function parsePoolUrl(pasted: string): PoolAddress {
  const text = pasted.trim();
  if (!text.startsWith(SCHEME)) throw invalid(text, `it does not begin with ${SCHEME}`);
  const groups = REST.exec(text.slice(SCHEME.length))?.groups;
  const host = hostOf(groups?.host ?? "");
  // A second colon outside brackets is an IPv6 address without them.
  if (host === undefined || groups?.port?.includes(":")) {
    throw invalid(text, "the host is a name, an IPv4 address, or an IPv6 address in brackets");
  }
  const { port = "", key: keyAndSlash = "" } = groups ?? {};
  const key = keyAndSlash.replace(/\/$/, "");
  if (port === "") throw invalid(text, "the port is missing");
  const portNumber = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (portNumber < 1 || portNumber > 65_535) throw invalid(text, "a port is a number from 1 to 65535");
  return { host, port: portNumber, authorityPublicKey: key === "" ? undefined : decodeAuthorityKey(key) };
}

/** Whether it can be the host of a pool's URL: a name, an IPv4 address, or an IPv6 address without brackets. */
export function isPoolHost(text: string): boolean {
  return isName(text) || isIPv6(text);
}

/** Errors show it as it is. */
function isName(text: string): boolean {
  return NAME.test(text) && isPrintable(text);
}

/** The host without brackets; undefined where it is none. */
function hostOf(text: string): string | undefined {
  if (!text.startsWith("[")) return isName(text) ? text : undefined;
  const address = text.slice(1, -1);
  return isIPv6(address) ? address : undefined;
}

function invalid(text: string, why: string): NoiseError {
  return new NoiseError("url-invalid", `"${text}" is no pool URL (${why}): stratum2+tcp://HOST:PORT/KEY is needed`);
}
