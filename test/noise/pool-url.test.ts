import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { formatPoolUrl, parsePoolUrl } from "../../src/noise/pool-url.ts";
import { refusal } from "./noise-fixture.ts";

/** The key of SV2 §4.7 and §4.7.1. */
const KEY = fromHex("7663700097" + "9c1c11af0c300bcd8c7fe48610fce9b9c11e3daee35ae0b08a7455");
const TEXT = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";

const HOSTS: readonly (readonly [string, string, string])[] = [
  ["a name", "thepool.com", "thepool.com"],
  ["a name without a dot", "localhost", "localhost"],
  ["a name with a dash, digits and an underscore", "my_pool-2.example.org", "my_pool-2.example.org"],
  ["an international name", "bücher.example", "bücher.example"],
  ["an IPv4 address", "192.0.2.7", "192.0.2.7"],
  ["an IPv6 address", "2001:db8::7", "[2001:db8::7]"],
  ["the IPv6 loopback", "::1", "[::1]"],
  ["an IPv6 address in full", "2001:DB8:0:0:0:0:0:7", "[2001:DB8:0:0:0:0:0:7]"],
  ["an IPv4 address inside IPv6", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]"],
  ["an IPv6 address with a zone", "fe80::1%eth0", "[fe80::1%eth0]"],
];

describe("a pool's URL", () => {
  it.each([" ", "\n", "/", "/\n", "\t \r\n"])("may be pasted with %j after it", (extra) => {
    const url = `stratum2+tcp://thepool.com:34254/${TEXT}`;
    expect(parsePoolUrl(url + extra)).toEqual(parsePoolUrl(url));
    expect(parsePoolUrl(` ${url}`)).toEqual(parsePoolUrl(url));
  });

  it("is the one of §4.7", () => {
    const url = `stratum2+tcp://thepool.com:34254/${TEXT}`;
    expect(formatPoolUrl({ host: "thepool.com", port: 34_254, authorityPublicKey: KEY })).toBe(url);
    const { host, port, authorityPublicKey } = parsePoolUrl(url);
    expect([host, port, toHex(authorityPublicKey ?? fromHex(""))]).toEqual(["thepool.com", 34_254, toHex(KEY)]);
  });

  it.each(HOSTS)("can have %s: %s", (_, host, written) => {
    const url = `stratum2+tcp://${written}:3336/${TEXT}`;
    expect(formatPoolUrl({ host, port: 3336, authorityPublicKey: KEY })).toBe(url);
    expect(parsePoolUrl(url)).toEqual({ host, port: 3336, authorityPublicKey: KEY });
    expect(parsePoolUrl(`stratum2+tcp://${written}:3336`).host).toBe(host);
  });

  it("comes back from its text, whatever the key and the port", () => {
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 65_535 }), keys, (host, port, authorityPublicKey) => {
        const address = { host, port, authorityPublicKey };
        expect(parsePoolUrl(formatPoolUrl(address))).toEqual(address);
      }),
    );
  });

  it.each([1, 80, 65_535])("can have port %d", (port) => {
    expect(parsePoolUrl(`stratum2+tcp://pool.example:${port}/${TEXT}`).port).toBe(port);
  });

  it.each(["stratum2+tcp://pool.example:3336", "stratum2+tcp://pool.example:3336/"])("can lack the key: %s", (url) => {
    expect(parsePoolUrl(url)).toEqual({ host: "pool.example", port: 3336, authorityPublicKey: undefined });
  });
});

describe("a URL that is none of a pool", () => {
  const says = (url: string, why: string): void => {
    const { message } = refusal(() => parsePoolUrl(url), "url-invalid");
    expect(message).toBe(`"${url}" is no pool URL (${why}): stratum2+tcp://HOST:PORT/KEY is needed`);
  };

  it.each(["0", "65536", "99999", "100000", "-1", "+80", "3.5", "0x50", "http", " 80", "1e3", "٣"])(
    "has port %j",
    (port) => {
      for (const rest of ["", "/", `/${TEXT}`]) {
        says(`stratum2+tcp://pool.example:${port}${rest}`, "a port is a number from 1 to 65535");
        says(`stratum2+tcp://[::1]:${port}${rest}`, "a port is a number from 1 to 65535");
      }
    },
  );

  it.each(["stratum2+tcp://pool.example", "stratum2+tcp://pool.example:", `stratum2+tcp://[::1]/${TEXT}`])(
    "has no port: %s",
    (url) => says(url, "the port is missing"),
  );

  it.each([
    "stratum+tcp://pool.example:3333",
    "stratum2+ssl://pool.example:3336",
    "stratum2://pool.example:3336",
    "http://pool.example:3336",
    "stratum2+tcp:pool.example:3336",
    "xstratum2+tcp://pool.example:3336",
    "pool.example:3336",
    "",
  ])("has another scheme or none: %j", (url) => says(url, "it does not begin with stratum2+tcp://"));

  it.each([
    "",
    "pool example",
    "user@pool.example",
    "pool.example?x",
    "pool.example#x",
    "pool\\example",
    "pool\u0007",
    "\u001b[2Jpool",
    "pool\u202e.example",
    "[127.0.0.1]",
    "[pool.example]",
    "[]",
    "[1234]",
    "[::1",
    "::1]",
    "[::1]x",
    "[1::2::3]",
    "[:::::]",
    "[1:2:3:4:5:6:7:8:9]",
    "[::1%]",
  ])("has %j as its host", (host) => {
    says(`stratum2+tcp://${host}:3336/${TEXT}`, "the host is a name, an IPv4 address, or an IPv6 address in brackets");
  });

  it("has an IPv6 address without brackets", () => {
    says(
      `stratum2+tcp://2001:db8::7:3336/${TEXT}`,
      "the host is a name, an IPv4 address, or an IPv6 address in brackets",
    );
  });

  it.each([
    ["a wrong checksum", TEXT.replace("9b", "9c")],
    ["a query after it", `${TEXT}?user=x`],
    ["hexadecimal", toHex(KEY)],
  ])("has a key with %s", (_, key) => {
    const { message } = refusal(() => parsePoolUrl(`stratum2+tcp://pool.example:3336/${key}`), "key-invalid");
    expect(message).toBe(`"${key}" is no authority key: its base58check does not fit, so copy it again, whole`);
  });
});
