/** Addresses to listen on, as people write them: `:3334`, `127.0.0.1:3334`, `[::1]:3334`. */

import { isIPv4, isIPv6 } from "node:net";
import { splitHostAndPort } from "./host-and-port-text.ts";

export type ListenAddress = {
  /** An IP address; `::` for every address of the machine, IPv4 ones too. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
};

/** Undefined where the text is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const parts = splitHostAndPort(text);
  if (parts === undefined) return undefined;
  const { ipv6, host, port } = parts;
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined;
  if (host === "") return { host: "::", port };
  if (host === "localhost") return { host: "127.0.0.1", port };
  return isIPv4(host) ? { host, port } : undefined;
}
