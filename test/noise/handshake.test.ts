import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { type EllswiftKeyPair, ecdh } from "../../src/noise/ellswift.ts";
import { ACT_ONE_BYTES, ACT_TWO_BYTES, NoiseInitiator, NoiseResponder } from "../../src/noise/handshake-state.ts";
import { SymmetricState } from "../../src/noise/symmetric-state.ts";
import { pushAll, readVectors, refusal } from "./noise-fixture.ts";

type Keys = { readonly secretKey: string; readonly ellswift: string };
type Sealed = readonly { readonly frame: string; readonly sealed: string }[];

/** The whole handshake with fixed keys, by the reference code of BIP324 and BIP340. */
const vector = readVectors<{
  readonly initiatorEphemeral: Keys;
  readonly responderEphemeral: Keys;
  readonly static: Keys;
  readonly authority: { readonly publicKey: string };
  readonly validFrom: number;
  readonly notValidAfter: number;
  readonly certificate: string;
  readonly actOne: string;
  readonly actTwo: string;
  readonly handshakeHash: string;
  readonly transport: { readonly fromInitiator: Sealed; readonly fromResponder: Sealed };
}>("noise-handshake.json");

const pairOf = ({ secretKey, ellswift }: Keys): EllswiftKeyPair => ({
  secretKey: fromHex(secretKey),
  ellswift: fromHex(ellswift),
});

const newInitiator = (): NoiseInitiator =>
  new NoiseInitiator({
    authorityPublicKey: fromHex(vector.authority.publicKey),
    nowSeconds: vector.validFrom,
    generateKeyPair: () => pairOf(vector.initiatorEphemeral),
  });

const newResponder = (): NoiseResponder =>
  new NoiseResponder({
    staticKeyPair: pairOf(vector.static),
    certificate: fromHex(vector.certificate),
    generateKeyPair: () => pairOf(vector.responderEphemeral),
  });

/** Both sides with the system's own randomness. */
function freshHandshake(): {
  readonly initiator: NoiseInitiator;
  readonly responder: NoiseResponder;
  readonly acts: readonly [Uint8Array, Uint8Array];
} {
  const initiator = new NoiseInitiator({
    authorityPublicKey: fromHex(vector.authority.publicKey),
    nowSeconds: vector.notValidAfter,
  });
  const responder = new NoiseResponder({
    staticKeyPair: pairOf(vector.static),
    certificate: fromHex(vector.certificate),
  });
  const actOne = initiator.writeActOne();
  const actTwo = responder.readActOne(actOne);
  initiator.readActTwo(actTwo);
  return { initiator, responder, acts: [actOne, actTwo] };
}

describe("the handshake with fixed keys", () => {
  it("has an act one of 64 bytes and an act two of 234, as the reference code has them", () => {
    expect([ACT_ONE_BYTES, ACT_TWO_BYTES]).toEqual([64, 234]);
    const initiator = newInitiator();
    const actOne = initiator.writeActOne();
    expect(toHex(actOne)).toBe(vector.actOne);
    const actTwo = newResponder().readActOne(actOne);
    expect(toHex(actTwo)).toBe(vector.actTwo);
    expect(() => initiator.readActTwo(actTwo)).not.toThrow();
  });

  it("gives the initiator the transport of the reference code", () => {
    const initiator = newInitiator();
    initiator.writeActOne();
    initiator.readActTwo(fromHex(vector.actTwo));
    const { reader, sealer } = initiator.transport();
    for (const { frame, sealed } of vector.transport.fromInitiator) {
      expect(toHex(sealer.seal(fromHex(frame)))).toBe(sealed);
    }
    const received = vector.transport.fromResponder;
    const seen = pushAll(reader, [concatBytes(...received.map(({ sealed }) => fromHex(sealed)))]);
    expect(seen.map(({ payload }) => toHex(payload))).toEqual(received.map(({ frame }) => frame.slice(12)));
  });

  it("gives the responder the transport of the reference code", () => {
    const responder = newResponder();
    responder.readActOne(fromHex(vector.actOne));
    const { reader, sealer } = responder.transport();
    for (const { frame, sealed } of vector.transport.fromResponder) {
      expect(toHex(sealer.seal(fromHex(frame)))).toBe(sealed);
    }
    const received = vector.transport.fromInitiator;
    const seen = pushAll(reader, [concatBytes(...received.map(({ sealed }) => fromHex(sealed)))]);
    expect(seen.map(({ payload }) => toHex(payload))).toEqual(received.map(({ frame }) => frame.slice(12)));
  });

  it("ends with the reference code's handshake hash", () => {
    const symmetric = new SymmetricState();
    const e = pairOf(vector.responderEphemeral);
    const re = fromHex(vector.actOne);
    symmetric.mixHash(re);
    symmetric.encryptAndHash(new Uint8Array(0));
    symmetric.mixHash(e.ellswift);
    symmetric.mixKey(ecdh(e, re, { initiator: false }));
    symmetric.encryptAndHash(fromHex(vector.static.ellswift));
    symmetric.mixKey(ecdh(pairOf(vector.static), re, { initiator: false }));
    symmetric.encryptAndHash(fromHex(vector.certificate));
    expect(toHex(symmetric.hash)).toBe(vector.handshakeHash);
  });

  it("does not depend on act one's bytes once it was written", () => {
    const initiator = newInitiator();
    initiator.writeActOne().fill(0);
    expect(() => initiator.readActTwo(fromHex(vector.actTwo))).not.toThrow();
  });
});

describe("the handshake with fresh keys", () => {
  // SetupConnection.Success and an empty message of an extension: either side may be sent both.
  const frames = ["000001060000020000000000", "0100ff000000"].map(fromHex);

  it("gives both sides the same keys, in both directions", () => {
    const { initiator, responder } = freshHandshake();
    const miner = initiator.transport();
    const pool = responder.transport();
    for (let round = 0; round < 3; round += 1) {
      for (const frame of frames) {
        for (const [sender, receiver] of [[miner, pool] as const, [pool, miner] as const]) {
          const [seen] = pushAll(receiver.reader, [sender.sealer.seal(frame)]);
          expect(toHex(seen?.payload ?? fromHex("ff"))).toBe(toHex(frame.subarray(6)));
        }
      }
    }
  });

  it("has another key for each direction", () => {
    const { initiator, responder } = freshHandshake();
    const frame = fromHex("0100ff000000");
    const sealed = initiator.transport().sealer.seal(frame);
    expect(toHex(responder.transport().sealer.seal(frame))).not.toBe(toHex(sealed));
    refusal(() => pushAll(initiator.transport().reader, [sealed]), "bad-mac");
  });

  it("is another one each time", () => {
    const [first, second] = [freshHandshake(), freshHandshake()];
    for (const act of [0, 1] as const) expect(toHex(first.acts[act])).not.toBe(toHex(second.acts[act]));
    const frame = fromHex("0100ff000000");
    const sealed = first.initiator.transport().sealer.seal(frame);
    refusal(() => pushAll(second.responder.transport().reader, [sealed]), "bad-mac");
  });

  it("limits each side's reader by what that side may be sent", () => {
    const { initiator, responder } = freshHandshake();
    // SubmitSharesStandard with more bytes than it can have, and SubmitShares.Success with more than that.
    const share = concatBytes(fromHex("00801a180100"), new Uint8Array(280));
    const success = concatBytes(fromHex("00801c140100"), new Uint8Array(276));
    const toPool = initiator.transport().sealer.seal(share);
    const toMiner = responder.transport().sealer.seal(success);
    expect(() => pushAll(responder.transport().reader, [toPool])).toThrow("longer than its message can be");
    expect(() => pushAll(initiator.transport().reader, [toMiner])).toThrow("longer than its message can be");
  });
});

describe("a handshake's steps", () => {
  it("give no transport before the handshake is finished", () => {
    const initiator = newInitiator();
    refusal(() => initiator.transport(), "handshake-failed");
    initiator.writeActOne();
    refusal(() => initiator.transport(), "handshake-failed");
    refusal(() => newResponder().transport(), "handshake-failed");
  });

  it("give one transport only, so that no nonce is used twice", () => {
    const { initiator, responder } = freshHandshake();
    for (const side of [initiator, responder]) {
      const frame = fromHex("0100ff000000");
      const first = side.transport().sealer.seal(frame);
      expect(toHex(side.transport().sealer.seal(frame))).not.toBe(toHex(first));
      expect(side.transport()).toBe(side.transport());
    }
  });

  it("are taken once each", () => {
    const initiator = newInitiator();
    const actOne = initiator.writeActOne();
    refusal(() => initiator.writeActOne(), "handshake-failed");
    const responder = newResponder();
    const actTwo = responder.readActOne(actOne);
    refusal(() => responder.readActOne(actOne), "handshake-failed");
    initiator.readActTwo(actTwo);
    refusal(() => initiator.readActTwo(actTwo), "handshake-failed");
    const frame = fromHex("0100ff000000");
    expect(pushAll(responder.transport().reader, [initiator.transport().sealer.seal(frame)])).toHaveLength(1);
  });

  it("come in order: no act two before act one", () => {
    refusal(() => newInitiator().readActTwo(fromHex(vector.actTwo)), "handshake-failed");
  });
});
