/** Which remote addresses count as private: there plaintext is accepted by default, since SV2 §4 allows it on a local network only. */

import { BlockList, isIPv6 } from "node:net";

const PRIVATE_RANGES = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
] as const) {
  PRIVATE_RANGES.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  PRIVATE_RANGES.addSubnet(network, prefix, "ipv6");
}

/** Whether `address`, as a socket gives it (IPv4 in IPv6 too, and with a zone), is loopback, private or link-local. What is no address is not. */
export function isPrivateAddress(address: string): boolean {
  return PRIVATE_RANGES.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
