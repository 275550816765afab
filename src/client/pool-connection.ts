/**
 * A client's TCP connection to a pool: the socket, the transport inside it, and whole frames in the clear on top. Used
 * by the miner; what the frames mean is `MiningClient`'s part.
 */

import { connect, type Socket } from "node:net";
import type { Clock, Timer } from "../core/clock.ts";
import type { FrameHeader } from "../wire/frame.ts";
import { ClientTransport } from "./client-transport.ts";
import { ClientError } from "./errors.ts";

export type PoolConnectionOptions = {
  readonly host: string;
  readonly port: number;
  /** `undefined`: plaintext. Otherwise Noise, with this authority key or, where it is `any`, without a check. */
  readonly noise: { readonly authorityPublicKey: Uint8Array | "any" } | undefined;
};

export type PoolConnectionEvents = {
  /** Frames can be sent. */
  onReady(): void;
  onFrame(header: FrameHeader, payload: Uint8Array): void;
  /** The connection is over; nothing follows. */
  onEnd(error: Error): void;
};

/** How long connecting and the handshake may take together. */
const READY_TIMEOUT_MS = 10_000;

/** A pool that says nothing for this long is gone; common firmware waits as long. */
const SILENCE_MS = 180_000;

export class PoolConnection {
  readonly #socket: Socket;
  readonly #transport: ClientTransport;
  readonly #events: PoolConnectionEvents;
  readonly #options: PoolConnectionOptions;
  readonly #deadline: Timer;
  #isReady = false;
  #ended = false;

  constructor(options: PoolConnectionOptions, events: PoolConnectionEvents, context: { readonly clock: Clock }) {
    this.#options = options;
    this.#events = events;
    const { noise } = options;
    this.#transport = new ClientTransport(
      noise === undefined
        ? { kind: "plaintext" }
        : {
            kind: "noise",
            authorityPublicKey: noise.authorityPublicKey === "any" ? undefined : noise.authorityPublicKey,
            nowSeconds: Math.floor(context.clock.nowMs() / 1000),
          },
    );
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    this.#deadline = context.clock.after(READY_TIMEOUT_MS, () =>
      this.#end(this.#failure(`no answer within ${READY_TIMEOUT_MS / 1000} s`)),
    );
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.#end(this.#failure(error.message, error)));
    this.#socket.on("close", () => this.#end(this.#failure("the pool closed the connection")));
    this.#socket.setTimeout(SILENCE_MS, () =>
      this.#end(new ClientError("the pool was silent for 180 s", { code: "pool-silent" })),
    );
  }

  /** Sends a frame that is in the clear. Ignored when the connection is over. */
  send(frame: Uint8Array): void {
    if (!this.#ended) this.#socket.write(this.#transport.seal(frame));
  }

  /** Closes after what was sent; `onEnd` is not called. */
  close(): void {
    this.#ended = true;
    this.#deadline.cancel();
    this.#socket.end();
    this.#socket.unref();
  }

  /** Ends it with an error of the caller's. */
  abort(error: Error): void {
    this.#end(error);
  }

  #connected(): void {
    const opening = this.#transport.opening();
    if (opening.length > 0) this.#socket.write(opening);
    if (this.#transport.ready) this.#ready();
  }

  #ready(): void {
    this.#isReady = true;
    this.#deadline.cancel();
    this.#events.onReady();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#transport.receive(chunk, {
        onReady: () => this.#ready(),
        onFrame: (header, payload) => {
          if (!this.#ended) this.#events.onFrame(header, payload);
        },
      });
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #failure(what: string, cause?: Error): ClientError {
    const { host, port } = this.#options;
    const code = this.#isReady ? "connection-lost" : "connect-failed";
    const doing = code === "connect-failed" ? "cannot connect to" : "lost the connection to";
    return new ClientError(`${doing} ${host}:${port}: ${what}`, { code, details: { host, port }, cause });
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadline.cancel();
    this.#socket.destroy();
    this.#events.onEnd(error);
  }
}
