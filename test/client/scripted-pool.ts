/** A pool on loopback whose every step is the test's: takes connections, plaintext or Noise, and says what it is told. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { concatBytes } from "../../src/core/bytes.ts";
import { issueCertificate } from "../../src/noise/certificate.ts";
import { ellswiftKeyPair, generateKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { ACT_ONE_BYTES, NoiseResponder } from "../../src/noise/handshake-state.ts";
import { encodeFrame, type FrameHeader, type FrameReader, type FrameSealer } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { decodeMessage, type MessageDefinition } from "../../src/wire/message.ts";
import { lastingPort } from "../support/lasting-port.ts";
import { within } from "../support/wait.ts";

/** What signs a pool's certificate, and the certificate's times in Unix seconds. */
export type ScriptedIdentity = {
  readonly authoritySecretKey: Uint8Array;
  readonly validFrom: number;
  readonly notValidAfter: number;
};

/** An authority of its own, valid around that time. */
export function identityAround(nowMs: number): ScriptedIdentity {
  const seconds = Math.floor(nowMs / 1000);
  return {
    authoritySecretKey: generateKeyPair().secretKey,
    validFrom: seconds - 3_600,
    notValidAfter: seconds + 3_600,
  };
}

export function authorityPublicKeyOf(identity: ScriptedIdentity): Uint8Array {
  return xOnlyPublicKey(identity.authoritySecretKey);
}

export function responderOf(identity: ScriptedIdentity): NoiseResponder {
  const staticKeyPair = ellswiftKeyPair(generateKeyPair().secretKey);
  const staticPublicKeyX = xOnlyPublicKey(staticKeyPair.secretKey);
  return new NoiseResponder({ staticKeyPair, certificate: issueCertificate({ ...identity, staticPublicKeyX }) });
}

type Frame = { readonly header: FrameHeader; readonly payload: Uint8Array };

/** A queue that can be waited for. */
class Arrivals<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => undefined;

  add(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  get size(): number {
    return this.#items.length;
  }

  async next(what: string): Promise<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      await within(
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        what,
      );
    }
  }
}

/** The pool's end of one connection. */
export class PoolEnd {
  readonly socket: Socket;
  readonly #frames = new Arrivals<Frame>();
  readonly #responder: NoiseResponder | undefined;
  #reader: FrameReader | undefined;
  #sealer: FrameSealer;
  #actOne: Uint8Array = new Uint8Array(0);
  /** Resolves once the client has closed its side, however it did. */
  readonly gone: Promise<unknown>;

  constructor(socket: Socket, responder: NoiseResponder | undefined) {
    this.socket = socket;
    this.#responder = responder;
    this.#reader = responder === undefined ? new FrameSplitter("server") : undefined;
    this.#sealer = { seal: (frame) => frame };
    this.gone = new Promise((resolve) => {
      socket.once("end", resolve);
      socket.once("close", resolve);
    });
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  /** Frames that came and were not asked for yet. */
  get waiting(): number {
    return this.#frames.size;
  }

  /** The next frame, which has to be that message. */
  async expect<T>(definition: MessageDefinition<T>): Promise<T> {
    const { header, payload } = await this.#frames.next(definition.name);
    if (header.msgType !== definition.msgType) {
      throw new Error(`0x${header.msgType.toString(16)} came in place of ${definition.name}`);
    }
    return decodeMessage(definition, payload).message;
  }

  say<T>(definition: MessageDefinition<T>, message: T): void {
    this.socket.write(this.#sealer.seal(encodeFrame(definition, message)));
  }

  #receive(chunk: Uint8Array): void {
    if (this.#reader === undefined) this.#shakeHands(chunk);
    else this.#read(this.#reader, chunk);
  }

  #read(reader: FrameReader, chunk: Uint8Array): void {
    reader.push(chunk, (header, payload) =>
      this.#frames.add({ header: { ...header }, payload: new Uint8Array(payload) }),
    );
  }

  #shakeHands(chunk: Uint8Array): void {
    this.#actOne = concatBytes(this.#actOne, chunk);
    if (this.#responder === undefined || this.#actOne.length < ACT_ONE_BYTES) return;
    this.socket.write(this.#responder.readActOne(this.#actOne.subarray(0, ACT_ONE_BYTES)));
    const { reader, sealer } = this.#responder.transport();
    this.#reader = reader;
    this.#sealer = sealer;
    this.#read(reader, this.#actOne.subarray(ACT_ONE_BYTES));
  }
}

export class ScriptedPool {
  readonly #server: Server;
  readonly #ends: PoolEnd[] = [];
  readonly #arrivals = new Arrivals<PoolEnd>();
  readonly port: number;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** @param options.identity of the Noise handshake; plaintext without one. */
  static async start(
    options: { readonly identity?: ScriptedIdentity; readonly port?: number } = {},
  ): Promise<ScriptedPool> {
    const server = createServer({ allowHalfOpen: true });
    server.listen({ host: "127.0.0.1", port: options.port ?? (await lastingPort()) });
    await once(server, "listening");
    const pool = new ScriptedPool(server);
    server.on("connection", (socket) => {
      const end = new PoolEnd(socket, options.identity === undefined ? undefined : responderOf(options.identity));
      pool.#ends.push(end);
      pool.#arrivals.add(end);
    });
    return pool;
  }

  /** The next connection that was not asked for yet. */
  next(): Promise<PoolEnd> {
    return this.#arrivals.next("a connection");
  }

  /** Ends all connections, and takes no more. */
  async stop(): Promise<void> {
    for (const { socket } of this.#ends) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }
}
