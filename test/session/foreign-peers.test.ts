import { beforeEach, describe, expect, it } from "vitest";
import { PoolHarness, SessionHarness } from "./session-fixture.ts";

let client: SessionHarness;
beforeEach(() => {
  client = new SessionHarness(PoolHarness.withWork());
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n';
const HELLO = new Uint8Array([22, 3, 1, 0x02, 0x04, 1, 0, 0x02, 0, 3, 3, ...new Uint8Array(510)]);

describe("a peer that speaks something else", () => {
  it.each([
    ["stratum-v1-peer", bytesOf(SUBSCRIBE)],
    ["stratum-v1-peer", bytesOf('{"id":0,"method":"mining.configure","params":[[],{}]}\n')],
    ["http-peer", bytesOf("GET / HTTP/1.1\r\nHost: pool.example:3334\r\nAccept: */*\r\n\r\n")],
    ["http-peer", bytesOf("GET / HTTP/1.0\r\n\r\n")],
    ["tls-peer", HELLO],
  ])("is named as %s at once, whatever pieces its bytes come in, and is not answered", (reason, bytes) => {
    for (const pieceBytes of [1, 5, 7, bytes.length]) {
      client = new SessionHarness(PoolHarness.withWork());
      for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
        client.receive(bytes.slice(offset, offset + pieceBytes));
      }
      expect(client.ended).toBe(reason);
      expect(client.session.takeOutput()).toEqual([]);
      expect(client.events).toEqual([]);
    }
  });

  it("is told with the first of its bytes", () => {
    client.receive(bytesOf(SUBSCRIBE.slice(0, 40)));
    expect(client.end?.undecided).toEqual(bytesOf(SUBSCRIBE.slice(0, 40)));
  });

  it("that is none of these has what it sent told at its deadline", () => {
    client.receive(bytesOf("SSH-2.0-x\r\n")).advance(10_000);
    expect(client.ended).toBe("handshake-timeout");
    expect(client.end?.undecided).toEqual(bytesOf("SSH-2.0-x\r\n"));
  });
});

describe("what is told at the end", () => {
  it("has no bytes where it was known what they are", () => {
    client.shakeHands().session.end("peer-closed");
    expect(client.end).toMatchObject({ openChannels: 0, undecided: new Uint8Array(0) });
  });
});
