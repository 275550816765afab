/** Where miners are sent when the pool stops, as people write it: `pool.example:3334`, `192.0.2.1:3334`, `[2001:db8::1]:3334`. */

import { isIPv4, isIPv6 } from "node:net";
import type { OtherHost } from "../session/other-host.ts";
import { splitHostAndPort } from "./host-and-port-text.ts";

/** Names as DNS and every miner's firmware take them. */
const NAME = /^[a-z\d_](?:[a-z\d_.-]*[a-z\d_])?\.?$/i;
/** What is meant as an IPv4 address. */
const NUMBERS = /^[\d.]+$/;

/** What a message can carry: STR0_255. */
const MAX_HOST_BYTES = 255;

/** Addresses to listen on, which lead nowhere. */
const UNSPECIFIED: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Undefined where the text is none. */
export function parseOtherHost(text: string): OtherHost | undefined {
  const parts = splitHostAndPort(text);
  if (parts === undefined || parts.port === 0) return undefined;
  const { ipv6, host, port } = parts;
  if (ipv6 !== undefined) return isIPv6(ipv6) && isMeant(ipv6) ? { host: ipv6, port } : undefined;
  if (host.length > MAX_HOST_BYTES || !NAME.test(host) || !isMeant(host)) return undefined;
  return NUMBERS.test(host) && !isIPv4(host) ? undefined : { host, port };
}

/** A zone, as in fe80::1%eth0, is a network card of this machine. */
function isMeant(host: string): boolean {
  return !UNSPECIFIED.has(host) && !host.includes("%");
}
