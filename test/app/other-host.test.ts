import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/app/config-sources.ts";
import { parseOtherHost } from "../../src/app/other-host.ts";

const LONG = `${"a.".repeat(127)}a`;

describe("another host", () => {
  it.each([
    ["pool.example:3334", "pool.example", 3_334],
    ["pool.example.:1", "pool.example.", 1],
    ["Pool_2-b:65535", "Pool_2-b", 65_535],
    ["192.0.2.7:3334", "192.0.2.7", 3_334],
    ["[2001:db8::1]:3334", "2001:db8::1", 3_334],
    ["[::ffff:192.0.2.7]:3334", "::ffff:192.0.2.7", 3_334],
    [`${LONG}:3334`, LONG, 3_334],
  ])("is %j", (text, host, port) => {
    expect(parseOtherHost(text)).toEqual({ host, port });
  });

  it.each([
    "",
    "pool.example",
    ":3334",
    "3334",
    "pool.example:",
    "pool.example:0",
    "pool.example:65536",
    "pool.example:-1",
    "pool.example:3334 ",
    " pool.example:3334",
    "pool example:3334",
    "pool.example:3334/",
    "stratum2+tcp://pool.example:3334",
    "user@pool.example:3334",
    "2001:db8::1:3334",
    "[2001:db8::1]",
    "[2001:db8::1:3334",
    "[pool.example]:3334",
    "[192.0.2.7]:3334",
    "[]:3334",
    "[fe80::1%eth0]:3334",
    "[::]:3334",
    "0.0.0.0:3334",
    "192.0.2:3334",
    "192.0.2.256:3334",
    "-pool:3334",
    "pool-:3334",
    "bücher.example:3334",
    `${LONG}a:3334`,
    `x.${LONG}:3334`,
  ])("is not %j", (text) => {
    expect(parseOtherHost(text)).toBeUndefined();
  });
});

describe("server.reconnect_to", () => {
  it("is refused in one sentence that says what is needed", () => {
    expect(() => parseConfig('[server]\nreconnect_to = "pool.example"\n', "config.toml")).toThrow(
      'config.toml: server.reconnect_to is "pool.example", but HOST:PORT, such as pool.example:3334 or [2001:db8::1]:3334, is needed',
    );
  });

  it("may be empty: miners are sent nowhere", () => {
    expect(parseConfig('[server]\nreconnect_to = ""\n', "config.toml").get("server.reconnect_to")).toBe("");
  });
});
