import { describe, expect, it } from "vitest";
import { type ConnectionPlace, connectionFault, protocolFault } from "../../src/client/connection-faults.ts";
import { ClientError } from "../../src/client/errors.ts";
import { OutOfBytesError } from "../../src/core/byte-reader.ts";
import { NoiseError } from "../../src/noise/errors.ts";

const PLACE: ConnectionPlace = { host: "pool.example", port: 3334, encrypted: true, stage: "connecting" };

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

describe("A connection's fault", () => {
  it.each(["ENOTFOUND", "EAI_AGAIN"])("is the host's name where the resolver says %s", (code) => {
    expect(connectionFault(PLACE, failure(code, "getaddrinfo")).message).toBe(
      `there is no host pool.example (${code}): check its name in the URL, and this machine's DNS`,
    );
  });

  it("has its code in it where a name of several addresses is refused at each, which comes without a message", () => {
    expect(connectionFault(PLACE, failure("ECONNREFUSED", "")).message).toBe(
      "cannot connect to pool.example:3334 (ECONNREFUSED): check that the pool runs, and its host and port in the URL",
    );
  });

  it("is no other server's where the handshake was made with the pool's key", () => {
    const fault = connectionFault({ ...PLACE, stage: "unanswered" }, undefined);
    expect(fault).toMatchObject({ code: "connect-failed", details: { host: "pool.example", port: 3334 } });
    expect(fault.message).toContain("without an answer: the pool may be full or about to stop");
  });

  it("puts an IPv6 address in brackets", () => {
    const place = { ...PLACE, host: "::1", stage: "answered" } as const;
    expect(connectionFault(place, undefined).message).toBe("lost the connection to [::1]:3334: the pool closed it");
  });
});

describe("What a pool sent wrong", () => {
  it("speaks for itself where it is about the certificate, or the client's own finding", () => {
    const certificate = new NoiseError("certificate-expired", "too old");
    const found = new ClientError("a second channel", { code: "unexpected-message" });
    for (const error of [certificate, found]) expect(protocolFault(PLACE, error)).toBe(error);
  });

  it("is another server's answer where the handshake does not come to its end", () => {
    const cause = new NoiseError("bad-mac", "a MAC is wrong");
    expect(protocolFault({ ...PLACE, stage: "handshake" }, cause)).toMatchObject({
      code: "unexpected-message",
      message:
        "pool.example:3334 did not answer with the handshake of an encrypted connection: " +
        "check that a Stratum V2 pool listens there, and its port in the URL",
      cause,
    });
  });

  it.each([
    { stage: "answered", encrypted: false },
    { stage: "answered", encrypted: true },
    { stage: "unanswered", encrypted: true },
  ] as const)("is named by its code where a pool is at the other end: $stage, encrypted: $encrypted", (where) => {
    expect(protocolFault({ ...PLACE, ...where }, new OutOfBytesError(4, 1))).toMatchObject({
      code: "unexpected-message",
      message: "pool.example:3334 broke the protocol (truncated-data): the data ends inside a field",
    });
  });

  it("is another server's answer where it is the first one in plaintext", () => {
    const place = { ...PLACE, encrypted: false, stage: "unanswered" } as const;
    expect(protocolFault(place, new OutOfBytesError(4, 1)).message).toContain("Stratum V2 in plaintext: check that");
  });

  it("is no fault of the pool where our own code failed", () => {
    const error = new TypeError("undefined is no function");
    expect(protocolFault(PLACE, error)).toBe(error);
    expect(protocolFault(PLACE, "thrown text")).toEqual(new Error("thrown text"));
  });
});
