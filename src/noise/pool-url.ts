/** The URL that a miner is given: `stratum2+tcp://HOST:PORT/AUTHORITY_KEY`. SV2 §4.7. */

import { decodeAuthorityKey, encodeAuthorityKey } from "./authority-key.ts";
import { NoiseError } from "./errors.ts";

export type PoolAddress = {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** 32 bytes. */
  readonly authorityPublicKey: Uint8Array | undefined;
};

const PATTERN =
  /^stratum2\+tcp:\/\/(?:\[(?<ipv6>[0-9a-fA-F:.%]+)\]|(?<host>[^:/[\]]+))(?::(?<port>\d{1,5}))?(?:\/(?<key>.*))?$/;

export function formatPoolUrl(address: PoolAddress & { readonly authorityPublicKey: Uint8Array }): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `stratum2+tcp://${host}:${address.port}/${encodeAuthorityKey(address.authorityPublicKey)}`;
}

/** @throws {NoiseError} `url-invalid`, `key-invalid`. */
export function parsePoolUrl(text: string): PoolAddress {
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) throw invalid(text, "it has another form");
  const { ipv6, host, port, key } = groups;
  if (port === undefined) throw invalid(text, "the port is missing");
  const portNumber = Number(port);
  if (portNumber < 1 || portNumber > 65_535) throw invalid(text, "a port is a number from 1 to 65535");
  return {
    host: ipv6 ?? host ?? "",
    port: portNumber,
    authorityPublicKey: key === undefined || key === "" ? undefined : decodeAuthorityKey(key),
  };
}

function invalid(text: string, why: string): NoiseError {
  return new NoiseError("url-invalid", `"${text}" is no pool URL (${why}): stratum2+tcp://HOST:PORT/KEY is needed`);
}
