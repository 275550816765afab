/** Which peers an operator means: `17` is a connection's id as in the log, `192.168.1.5`, `[::1]:4021` an address. */

import { isIP, isIPv6, SocketAddress } from "node:net";

export type PeerPattern =
  | { readonly kind: "connection"; readonly connectionId: string }
  | {
      readonly kind: "address";
      readonly address: string;
      /** Undefined: any. */
      readonly port: number | undefined;
    };

export type Peer = {
  readonly connectionId: string;
  /** As a socket gives it. */
  readonly address: string;
  readonly port: number | undefined;
};

/** With a port, IPv6 has brackets; without one they may be left out. */
const ADDRESS = /^(?:\[(?<ipv6>[^\]]+)\]|(?<ipv4>[^:[\]]+))(?::(?<port>\d{1,5}))?$/;

/** With commas between them. Undefined where one of them is none; empty for an empty text. */
export function parsePeerPatterns(text: string): readonly PeerPattern[] | undefined {
  if (text.trim() === "") return [];
  const patterns = text.split(",").map((part) => parseOne(part.trim()));
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined;
}

function parseOne(text: string): PeerPattern | undefined {
  if (/^[1-9]\d{0,15}$/.test(text)) return { kind: "connection", connectionId: text };
  // Without brackets an IPv6 address would lose its last part to a port.
  if (isIPv6(text)) return { kind: "address", address: plainAddress(text), port: undefined };
  const groups = ADDRESS.exec(text)?.groups;
  const address = groups?.ipv6 ?? groups?.ipv4 ?? "";
  const port = groups?.port === undefined ? undefined : Number(groups.port);
  if (isIP(address) !== (groups?.ipv6 === undefined ? 4 : 6) || port === 0 || (port ?? 0) > 65_535) return undefined;
  return { kind: "address", address: plainAddress(address), port };
}

export function matchesPeer(pattern: PeerPattern, peer: Peer): boolean {
  if (pattern.kind === "connection") return pattern.connectionId === peer.connectionId;
  const isThatPort = pattern.port === undefined || pattern.port === peer.port;
  return isThatPort && pattern.address === plainAddress(peer.address);
}

/** One text for one address: an IPv4 one without the `::ffff:` of a port that takes both, IPv6 in its short form. */
function plainAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const [plain = "", zone] = address.split("%");
  const short = new SocketAddress({ address: plain, family: "ipv6" }).address.replace(/^::ffff:(?=\d+\.)/, "");
  return zone === undefined ? short : `${short}%${zone}`;
}
