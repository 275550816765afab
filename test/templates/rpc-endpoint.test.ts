import { describe, expect, it } from "vitest";
import { parseRpcUrl } from "../../src/templates/rpc-endpoint.ts";

describe("rpc_url", () => {
  it("names host, port and path", () => {
    expect(parseRpcUrl("http://node.example:1234/wallet/x", "main")).toEqual({
      host: "node.example",
      port: 1234,
      path: "/wallet/x",
      label: "http://node.example:1234",
      user: undefined,
    });
  });

  it.each([
    ["main", 8332],
    ["testnet4", 48332],
    ["signet", 38332],
    ["regtest", 18443],
  ] as const)("without a port on %s means port %i", (network, port) => {
    expect(parseRpcUrl("http://127.0.0.1", network).port).toBe(port);
  });

  it.each(["http://127.0.0.1:80", "http://127.0.0.1:80/", "http://a:b@127.0.0.1:80/x"])(
    "keeps port 80 of %s",
    (text) => {
      expect(parseRpcUrl(text, "main").port).toBe(80);
    },
  );

  it("takes an IPv6 address in brackets", () => {
    const endpoint = parseRpcUrl("http://[::1]:8332", "main");
    expect([endpoint.host, endpoint.label]).toEqual(["::1", "http://[::1]:8332"]);
  });

  it("takes user and password apart, decoded, and shows them in no label", () => {
    const endpoint = parseRpcUrl("http://al%20ice:s%3Acret@127.0.0.1:8332", "main");
    expect(endpoint.user).toEqual({ name: "al ice", password: "s:cret" });
    expect(endpoint.label).toBe("http://127.0.0.1:8332");
  });

  it.each([
    ["127.0.0.1:8332", "http://"],
    ["not a url", "not a URL"],
    ["https://127.0.0.1:8332", "http://"],
    ["http://127.0.0.1:8332/?a=b", "end after"],
    ["http://a:%zz-secret@127.0.0.1:8332", "%25"],
  ])("refuses %s with what would be right, and without showing it", (text, hint) => {
    const refusal = catchError(() => parseRpcUrl(text, "main"));
    expect(refusal).toMatchObject({ code: "node-options-invalid", disposition: { kind: "shutdown" } });
    expect(refusal.message).toContain(hint);
    expect(refusal.message).toContain("http://127.0.0.1:8332");
    expect(refusal.message).not.toContain("secret");
  });
});

function catchError(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
