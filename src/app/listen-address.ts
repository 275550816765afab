/** Addresses to listen on, as people write them: `:3334`, `127.0.0.1:3334`, `[::1]:3334`. */

import { isIPv4, isIPv6 } from "node:net";

export type ListenAddress = {
  /** An IP address; `::` for every address of the machine, IPv4 ones too. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
};

const PATTERN = /^(?:\[(?<ipv6>[^\]]*)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/;

/** Undefined where the text is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const groups = PATTERN.exec(text)?.groups;
  const port = Number(groups?.port);
  if (groups === undefined || port > 65_535) return undefined;
  const { ipv6, host } = groups;
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined;
  if (host === "") return { host: "::", port };
  if (host === "localhost") return { host: "127.0.0.1", port };
  return host !== undefined && isIPv4(host) ? { host, port } : undefined;
}
