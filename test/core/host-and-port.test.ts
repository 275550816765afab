import { expect, it } from "vitest";
import { hostAndPort } from "../../src/core/host-and-port.ts";

it.each([
  ["pool.example", "pool.example:3334"],
  ["192.0.2.1", "192.0.2.1:3334"],
  ["2001:db8::1", "[2001:db8::1]:3334"],
  ["::", "[::]:3334"],
])("the host %s and a port are %s", (host, text) => {
  expect(hostAndPort({ host, port: 3334 })).toBe(text);
});
