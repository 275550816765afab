import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateKeyPair } from "../../src/noise/ellswift.ts";
import { foreignProtocol } from "../../src/wire/foreign-protocol.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A ClientHello of that length behind its header, in one record. */
function clientHello(length: number, version = 1): Uint8Array {
  const hello = [1, length >> 16, (length >> 8) & 255, length & 255, 3, 3, ...new Uint8Array(length - 2).fill(0xc3)];
  return new Uint8Array([22, 3, version, hello.length >> 8, hello.length & 255, ...hello]);
}

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":[]}\n';

const FOREIGN: readonly (readonly [string, Uint8Array, number])[] = [
  ["stratum-v1", bytesOf(SUBSCRIBE), '{"id":1,"method"'.length],
  ["stratum-v1", bytesOf('{"method": "mining.configure", "params": [["version-rolling"]]}'), '{"method"'.length],
  ["stratum-v1", bytesOf('{"params":["cgminer/4.11.1 and whatever else there is of it, up to"],"method":""}'), 64],
  ["http", bytesOf("GET / HTTP/1.1\r\nHost: pool\r\n\r\n"), 16],
  ["http", bytesOf("OPTIONS * HTTP/1.1\r\n\r\n"), 16],
  ["http", bytesOf("POST http://pool/x HTTP/1.0\r\n\r\n"), 16],
  ["http", bytesOf("CONNECT a.b:80 HTTP/1.1\r\n"), 16],
  ["http", bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 16],
  ["tls", clientHello(512), 11],
  ["tls", clientHello(200, 3), 11],
];

describe("a peer that speaks something else", () => {
  it.each(FOREIGN)(
    "%s is known as such from its first bytes on, as soon as they are sure",
    (name, bytes, sureBytes) => {
      for (let length = 0; length < sureBytes; length += 1) {
        expect(foreignProtocol(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
      }
      for (let length = sureBytes; length <= bytes.length; length += 1) {
        expect(foreignProtocol(bytes.subarray(0, length)), `${length} bytes`).toBe(name);
      }
    },
  );
});

/** 64 bytes that begin so; the rest is what text never is. */
function handshake(...first: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(64).fill(0xee);
  bytes.set(first);
  return bytes;
}

describe("a handshake", () => {
  it.each([
    ["a brace", handshake(0x7b)],
    ["a brace and text up to its last byte", bytesOf(`{${"x".repeat(62)}\u00ee`)],
    ["a brace and a control character", bytesOf(`{${"x".repeat(62)}\u0000`)],
    ["what a request line begins with", handshake(...bytesOf("GET / HTTP/1.1\r"))],
    ["another method", bytesOf("GOT / HTTP/1.1\r\n".padEnd(64))],
    ["a lower-case method", bytesOf("get / HTTP/1.1\r\n".padEnd(64))],
    ["a record of TLS that holds no ClientHello", handshake(22, 3, 1, 2, 4, 2, 0, 2, 0, 3, 3)],
    ["a record whose lengths differ", handshake(22, 3, 1, 2, 4, 1, 0, 2, 1, 3, 3)],
    ["a ClientHello of another version", handshake(22, 3, 1, 2, 4, 1, 0, 2, 0, 4, 3)],
    ["a record of another version", handshake(22, 3, 5, 2, 4, 1, 0, 2, 0, 3, 3)],
  ])("is not taken for anything else that begins with %s", (_what, bytes) => {
    for (let length = 0; length <= 64; length += 1) expect(foreignProtocol(bytes.subarray(0, length))).toBeUndefined();
  });

  it("of real keys is none of these", () => {
    for (let count = 0; count < 200; count += 1) expect(foreignProtocol(generateKeyPair().ellswift)).toBeUndefined();
  });

  it("of random bytes is none of these, though they begin like one", () => {
    const first = fc.constantFrom("{", '{"', "GET ", "POST /", "\u0016\u0003\u0001");
    const random = fc.uint8Array({ minLength: 58, maxLength: 64 });
    fc.assert(
      fc.property(first, random, (text, bytes) => {
        expect(foreignProtocol(new Uint8Array([...bytesOf(text), ...bytes]))).toBeUndefined();
      }),
    );
  });
});
