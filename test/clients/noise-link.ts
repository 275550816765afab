/**
 * A client's socket in Noise: the initiator's side of the handshake with the certificate checked as firmware checks it,
 * then sealed frames, each header opened before a byte of its payload is waited for. SV2 §4.5, §4.6.
 */

import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { concatBytes } from "../../src/core/bytes.ts";
import { verifyCertificate } from "../../src/noise/certificate.ts";
import type { CipherState } from "../../src/noise/cipher-state.ts";
import { ecdh, generateKeyPair, xOnlyOf } from "../../src/noise/ellswift.ts";
import { SymmetricState } from "../../src/noise/symmetric-state.ts";
import { within } from "../support/wait.ts";
import { Fields, type Frame } from "./bytes.ts";

const ACT_TWO_BYTES = 234;
const SEALED_HEADER_BYTES = 22;
const MAC_BYTES = 16;

export type LinkOptions = {
  readonly port: number;
  /** 32 bytes, from the pool's URL. */
  readonly authorityKey: Uint8Array;
  /** The client's clock. */
  readonly nowSeconds: number;
  /** How far outside a certificate's validity its clock may be. */
  readonly graceSeconds?: number;
  /** A payload that is longer makes the client drop the link. */
  readonly maxPayloadBytes: number;
  /** What passes between the open socket and the first act of the handshake, which some chips compute for seconds. */
  readonly beforeActOne?: () => Promise<void>;
};

export class NoiseLink {
  readonly socket: Socket;
  /** The pool has closed its side. */
  readonly ended: Promise<void>;
  /** Frames that the client sent, before they were sealed. */
  readonly sent: Uint8Array[] = [];
  readonly #maxPayloadBytes: number;
  readonly #frames: Frame[] = [];
  #received: Uint8Array = new Uint8Array(0);
  #incoming: CipherState | undefined;
  #outgoing: CipherState | undefined;
  #header: Omit<Frame, "payload"> & { readonly length: number } = { extensionType: 0, msgType: 0, length: -1 };
  #fault: unknown;
  #over = false;
  #wake: () => void = () => undefined;

  private constructor(options: LinkOptions) {
    this.#maxPayloadBytes = options.maxPayloadBytes;
    this.socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk) => this.#take(chunk));
    this.ended = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.#over = true;
        resolve();
        this.#wake();
      });
    });
    onTestFinished(() => void this.socket.destroy());
  }

  /** Connects and shakes hands. */
  static async open(options: LinkOptions): Promise<NoiseLink> {
    const link = new NoiseLink(options);
    await link.#shakeHands(options);
    return link;
  }

  async #shakeHands({ authorityKey, nowSeconds, graceSeconds = 0, beforeActOne }: LinkOptions): Promise<void> {
    await beforeActOne?.();
    const symmetric = new SymmetricState();
    // -> e
    const e = generateKeyPair();
    symmetric.mixHash(e.ellswift);
    symmetric.encryptAndHash(new Uint8Array(0));
    this.socket.write(e.ellswift);
    // <- e, ee, s, es, SIGNATURE_NOISE_MESSAGE
    await this.#until("act two", () => this.#received.length >= ACT_TWO_BYTES);
    const actTwo = new Fields(this.#cut(ACT_TWO_BYTES));
    const re = actTwo.take(64);
    symmetric.mixHash(re);
    symmetric.mixKey(ecdh(e, re, { initiator: true }));
    const rs = symmetric.decryptAndHash(actTwo.take(80));
    symmetric.mixKey(ecdh(e, rs, { initiator: true }));
    const message = symmetric.decryptAndHash(actTwo.take(90));
    const certificate = new Fields(message);
    const [version, validFrom, notValidAfter] = [certificate.u16(), certificate.u32(), certificate.u32()];
    if (version !== 0) throw new Error(`a certificate of version ${version}`);
    if (nowSeconds < validFrom - graceSeconds || nowSeconds > notValidAfter + graceSeconds) {
      throw new Error("the pool's certificate is not valid now");
    }
    const staticPublicKeyX = xOnlyOf(rs);
    verifyCertificate({ message, staticPublicKeyX, authorityPublicKey: authorityKey, nowSeconds: validFrom });
    const { fromInitiator, fromResponder } = symmetric.split();
    this.#outgoing = fromInitiator;
    this.#incoming = fromResponder;
    this.#open();
  }

  /** Sends frames, each sealed as firmware does it: header and payload apart, one write for all. */
  send(...frames: readonly Uint8Array[]): void {
    const outgoing = this.#outgoing;
    if (outgoing === undefined) throw new Error("frames can be sealed only after the handshake");
    this.sent.push(...frames);
    const sealed = frames.flatMap((frame) => [outgoing.encrypt(frame.slice(0, 6)), outgoing.encrypt(frame.slice(6))]);
    this.socket.write(concatBytes(...sealed));
  }

  /** The next frame. @throws where the link is over or the client dropped it. */
  async next(what: string): Promise<Frame> {
    await this.#until(what, () => this.#frames.length > 0);
    const frame = this.#frames.shift();
    if (frame === undefined) throw new Error(`the link was over before: ${what}`);
    return frame;
  }

  /** Frames that came and were not looked at. */
  get unread(): number {
    return this.#frames.length;
  }

  #until(what: string, condition: () => boolean): Promise<void> {
    return within(
      new Promise((resolve, reject) => {
        this.#wake = () => {
          if (condition()) return resolve();
          if (this.#fault !== undefined) return reject(this.#fault);
          if (this.#over) reject(new Error(`the link was over before: ${what}`));
        };
        this.#wake();
      }),
      what,
    );
  }

  #take(chunk: Uint8Array): void {
    this.#received = concatBytes(this.#received, chunk);
    this.#open();
    this.#wake();
  }

  #cut(bytes: number): Uint8Array {
    const head = this.#received.slice(0, bytes);
    this.#received = this.#received.slice(bytes);
    return head;
  }

  /** Opens what has come whole. */
  #open(): void {
    const incoming = this.#incoming;
    if (incoming === undefined || this.#fault !== undefined) return;
    try {
      for (;;) {
        const { length, ...header } = this.#header;
        if (length < 0) {
          if (this.#received.length < SEALED_HEADER_BYTES) return;
          this.#readHeader(incoming.decrypt(this.#cut(SEALED_HEADER_BYTES)));
          continue;
        }
        // An empty payload has no chunk.
        const sealed = length === 0 ? 0 : length + MAC_BYTES;
        if (this.#received.length < sealed) return;
        const chunk = this.#cut(sealed);
        this.#frames.push({ ...header, payload: sealed === 0 ? chunk : incoming.decrypt(chunk) });
        this.#header = { ...this.#header, length: -1 };
      }
    } catch (error) {
      this.#fault = error;
      this.socket.destroy();
    }
  }

  #readHeader(bytes: Uint8Array): void {
    const fields = new Fields(bytes);
    const header = { extensionType: fields.u16(), msgType: fields.u8(), length: fields.u24() };
    this.#header = fields.all(header);
    if (header.length > this.#maxPayloadBytes) throw new Error(`a payload of ${header.length} bytes drops the link`);
  }
}
