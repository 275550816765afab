import { describe, expect, it } from "vitest";
import { matchesPeer, type Peer, parsePeerPatterns } from "../../src/server/peer-pattern.ts";

const PEER: Peer = { connectionId: "17", address: "192.168.1.5", port: 4021 };

function matches(text: string, peer: Partial<Peer> = {}): boolean {
  const [pattern, more] = parsePeerPatterns(text) ?? [];
  if (pattern === undefined || more !== undefined) throw new Error(`${text} is not one pattern`);
  return matchesPeer(pattern, { ...PEER, ...peer });
}

describe("a pattern of a peer", () => {
  it.each([
    ["17", {}],
    ["192.168.1.5", {}],
    ["192.168.1.5:4021", {}],
    ["192.168.1.5", { address: "::ffff:192.168.1.5" }],
    ["::ffff:192.168.1.5", {}],
    ["2001:DB8:0:0::1", { address: "2001:db8::1" }],
    ["[2001:db8::1]:4021", { address: "2001:db8::1" }],
    ["[::1]", { address: "::1" }],
    ["fe80::1%eth0", { address: "fe80::1%eth0" }],
  ])("%s means %j", (text, peer) => {
    expect(matches(text, peer)).toBe(true);
  });

  it.each([
    ["18", {}],
    ["1", {}],
    ["192.168.1.50", {}],
    ["192.168.1.5:4022", {}],
    ["192.168.1.5:4021", { port: undefined }],
    ["[2001:db8::1]:4022", { address: "2001:db8::1" }],
    ["fe80::1%eth0", { address: "fe80::1%eth1" }],
    ["192.168.1.5", { address: "::192.168.1.5" }],
  ])("%s does not mean %j", (text, peer) => {
    expect(matches(text, peer)).toBe(false);
  });

  it("may stand beside others, with spaces around the commas; no text is none", () => {
    expect(parsePeerPatterns("17, 10.0.0.1 ,[::1]:5")).toEqual([
      { kind: "connection", connectionId: "17" },
      { kind: "address", address: "10.0.0.1", port: undefined },
      { kind: "address", address: "::1", port: 5 },
    ]);
    expect(parsePeerPatterns(" ")).toEqual([]);
  });

  it.each([
    "0",
    "-1",
    "017",
    "miner",
    "example.com",
    "192.168.1",
    "192.168.1.5:",
    "192.168.1.5:0",
    "192.168.1.5:65536",
    "192.168.1.0/24",
    "[192.168.1.5]",
    "[::1",
    "::1]:5",
    "2001:db8::1:2:3:4:5:6:7",
    "17,",
    "17;18",
  ])("%s is none", (text) => {
    expect(parsePeerPatterns(text)).toBeUndefined();
  });
});
