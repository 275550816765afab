import { describe, expect, it } from "vitest";
import { isPrivateAddress } from "../../src/server/private-address.ts";

/** First and last address of each range, and the addresses right outside of it. */
const RANGES = [
  { name: "loopback", first: "127.0.0.0", last: "127.255.255.255", before: "126.255.255.255", after: "128.0.0.0" },
  { name: "10/8", first: "10.0.0.0", last: "10.255.255.255", before: "9.255.255.255", after: "11.0.0.0" },
  { name: "172.16/12", first: "172.16.0.0", last: "172.31.255.255", before: "172.15.255.255", after: "172.32.0.0" },
  {
    name: "192.168/16",
    first: "192.168.0.0",
    last: "192.168.255.255",
    before: "192.167.255.255",
    after: "192.169.0.0",
  },
  {
    name: "link-local",
    first: "169.254.0.0",
    last: "169.254.255.255",
    before: "169.253.255.255",
    after: "169.255.0.0",
  },
  { name: "IPv6 loopback", first: "::1", last: "::1", before: "::", after: "::2" },
  {
    name: "unique local IPv6",
    first: "fc00::",
    last: "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    before: "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    after: "fe00::",
  },
  {
    name: "link-local IPv6",
    first: "fe80::",
    last: "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    before: "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    after: "fec0::",
  },
];

describe("private are", () => {
  it.each(RANGES)("$name, from the first address to the last, and none beside it", ({ first, last, before, after }) => {
    expect([first, last].map(isPrivateAddress)).toEqual([true, true]);
    expect([before, after].map(isPrivateAddress)).toEqual([false, false]);
  });

  it.each(RANGES.filter(({ first }) => first.includes(".")))(
    "$name within IPv6 too",
    ({ first, last, before, after }) => {
      expect([first, last].map((address) => isPrivateAddress(`::ffff:${address}`))).toEqual([true, true]);
      expect([before, after].map((address) => isPrivateAddress(`::FFFF:${address}`))).toEqual([false, false]);
    },
  );

  it.each(["fe80::1%eth0", "fe80::1%25", "::1%lo", "FE80::ABCD%en0"])("%s, whatever its zone", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(["8.8.8.8", "2001:db8::1", "2001:db8::1%eth0", "100.64.0.1", "0.0.0.0", "255.255.255.255", "::ffff:8.8.8.8"])(
    "not %s",
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );

  it.each([
    "",
    "%",
    "unknown",
    "localhost",
    "10.0.0",
    "10.0.0.256",
    "127.0.0.1:80",
    "::ffff:",
    "::ffff:10.0.0",
    "[::1]",
  ])("not %j, which is no address", (text) => {
    expect(isPrivateAddress(text)).toBe(false);
  });
});
