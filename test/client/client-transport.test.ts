import { describe, expect, it } from "vitest";
import { ClientTransport } from "../../src/client/client-transport.ts";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { generateKeyPair } from "../../src/noise/ellswift.ts";
import { ACT_ONE_BYTES, ACT_TWO_BYTES } from "../../src/noise/handshake-state.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { authorityPublicKeyOf, responderOf, type ScriptedIdentity } from "./scripted-pool.ts";

const NOW = 1_700_000_000;
const IDENTITY: ScriptedIdentity = {
  authoritySecretKey: generateKeyPair().secretKey,
  validFrom: NOW - 100,
  notValidAfter: NOW + 100,
};
const FRAME = encodeFrame(SetupConnectionSuccess, { used_version: 2, flags: 0 });
const PAYLOAD = "020000000000";

/** The client's end, and the bytes that the pool answers its opening with, followed by one frame. */
function handshake(
  options: { identity?: ScriptedIdentity; authorityPublicKey?: Uint8Array; nowSeconds?: number } = {},
) {
  const identity = options.identity ?? IDENTITY;
  const client = new ClientTransport({
    kind: "noise",
    authorityPublicKey: options.authorityPublicKey ?? authorityPublicKeyOf(identity),
    nowSeconds: options.nowSeconds ?? NOW,
  });
  const responder = responderOf(identity);
  const actTwo = responder.readActOne(client.opening());
  const { reader, sealer } = responder.transport();
  return { client, reader, answer: concatBytes(actTwo, sealer.seal(FRAME.slice())) };
}

/** What the client makes of the chunks, in order. */
function events(client: ClientTransport, chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  for (const chunk of chunks) {
    client.receive(chunk, {
      onReady: () => seen.push(`ready ${client.ready}`),
      onFrame: (header, payload) => seen.push(`${header.msgType} ${toHex(payload)}`),
    });
  }
  return seen;
}

describe("A client's end in plaintext", () => {
  it("sends nothing first, is ready at once, and sends frames as they are", () => {
    const client = new ClientTransport({ kind: "plaintext" });
    expect([client.opening().length, client.ready]).toEqual([0, true]);
    expect(toHex(client.seal(FRAME.slice()))).toBe(toHex(FRAME));
  });

  it("delivers frames, wherever they are cut", () => {
    const client = new ClientTransport({ kind: "plaintext" });
    const two = concatBytes(FRAME, FRAME);
    expect(events(client, [two.slice(0, 7), two.slice(7)])).toEqual([`1 ${PAYLOAD}`, `1 ${PAYLOAD}`]);
  });

  it("refuses a frame that is longer than its message can be", () => {
    const client = new ClientTransport({ kind: "plaintext" });
    expect(() => events(client, [fromHex("000001ffffff")])).toThrow(
      expect.objectContaining({ code: "frame-too-long" }),
    );
  });
});

describe("A client's end with Noise", () => {
  it("opens with act one, and can seal nothing before act two", () => {
    const client = new ClientTransport({
      kind: "noise",
      authorityPublicKey: authorityPublicKeyOf(IDENTITY),
      nowSeconds: NOW,
    });
    expect(client.opening().length).toBe(ACT_ONE_BYTES);
    expect(client.ready).toBe(false);
    expect(() => client.seal(FRAME.slice())).toThrow("only after the handshake");
  });

  it("is ready once, after act two and before the first frame, wherever the answer is cut", () => {
    const whole = handshake();
    expect(events(whole.client, [whole.answer])).toEqual(["ready true", `1 ${PAYLOAD}`]);
    for (const cut of [1, 64, ACT_TWO_BYTES - 1, ACT_TWO_BYTES, ACT_TWO_BYTES + 1]) {
      const { client, answer } = handshake();
      const [before, after] = [answer.slice(0, cut), answer.slice(cut)];
      const first = events(client, [before]);
      expect(first).toEqual(cut < ACT_TWO_BYTES ? [] : ["ready true"]);
      expect([...first, ...events(client, [after])]).toEqual(["ready true", `1 ${PAYLOAD}`]);
    }
    const { client, answer } = handshake();
    const bytes = Array.from(answer, (byte) => Uint8Array.of(byte));
    expect(events(client, bytes)).toEqual(["ready true", `1 ${PAYLOAD}`]);
  });

  it("seals what the pool can open, and not in the clear", () => {
    const { client, reader, answer } = handshake();
    events(client, [answer]);
    const sealed = client.seal(FRAME.slice());
    expect(toHex(sealed)).not.toContain(PAYLOAD);
    const opened: string[] = [];
    reader.push(sealed, (header, payload) => opened.push(`${header.msgType} ${toHex(payload)}`));
    expect(opened).toEqual([`1 ${PAYLOAD}`]);
  });

  it("refuses a pool with another authority key", () => {
    const other = { ...IDENTITY, authoritySecretKey: generateKeyPair().secretKey };
    const { client, answer } = handshake({ identity: other, authorityPublicKey: authorityPublicKeyOf(IDENTITY) });
    expect(() => events(client, [answer])).toThrow(expect.objectContaining({ code: "certificate-signature" }));
    expect(client.ready).toBe(false);
  });

  it.each([
    ["certificate-not-yet-valid", NOW - 111],
    ["certificate-expired", NOW + 111],
  ])("refuses a pool with %s", (code, nowSeconds) => {
    const { client, answer } = handshake({ nowSeconds });
    expect(() => events(client, [answer])).toThrow(expect.objectContaining({ code }));
    expect(client.ready).toBe(false);
  });

  it.each([NOW - 110, NOW + 110])("takes a certificate within ten seconds of its time", (nowSeconds) => {
    const { client, answer } = handshake({ nowSeconds });
    expect(events(client, [answer])).toEqual(["ready true", `1 ${PAYLOAD}`]);
  });

  it("refuses an answer that is no handshake", () => {
    const { client } = handshake();
    const page = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n".repeat(10));
    expect(page.length).toBeGreaterThan(ACT_TWO_BYTES);
    expect(() => events(client, [page])).toThrow(expect.objectContaining({ code: "bad-mac" }));
  });
});
