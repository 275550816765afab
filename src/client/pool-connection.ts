/**
 * A client's TCP connection to a pool: the socket, the transport inside it, and whole frames in the clear on top. Used
 * by the miner; what the frames mean is `MiningClient`'s part.
 */

import { connect, type Socket } from "node:net";
import type { Clock, Timer } from "../core/clock.ts";
import type { FrameHeader } from "../wire/frame.ts";
import { ClientTransport } from "./client-transport.ts";
import {
  type ConnectionPlace,
  type ConnectionStage,
  connectionFault,
  connectionTimeout,
  protocolFault,
} from "./connection-faults.ts";
import { ClientError } from "./errors.ts";

export type PoolConnectionOptions = {
  readonly host: string;
  readonly port: number;
  /** 32 bytes: Noise, with a certificate signed by that key. `undefined`: plaintext. */
  readonly authorityPublicKey: Uint8Array | undefined;
};

export type PoolConnectionEvents = {
  /** Frames can be sent; the first has to follow at once. */
  onReady(): void;
  /** The payload is a view of a buffer that is used again. What is thrown ends the connection. */
  onFrame(header: FrameHeader, payload: Uint8Array): void;
  /** The connection is over; nothing follows. */
  onEnd(error: Error): void;
};

/** How long connecting, the handshake and the pool's first answer may take together. Generous: each takes milliseconds. */
export const ANSWER_TIMEOUT_MS = 10_000;

/** A pool that says nothing for this long is gone, whatever we send; common firmware waits as long. */
export const SILENCE_MS = 180_000;

export class PoolConnection {
  readonly #socket: Socket;
  readonly #transport: ClientTransport;
  readonly #events: PoolConnectionEvents;
  readonly #options: PoolConnectionOptions;
  readonly #clock: Clock;
  #stage: ConnectionStage = "connecting";
  #deadline: Timer;
  #lastHeardMs = 0;
  #ended = false;

  constructor(options: PoolConnectionOptions, events: PoolConnectionEvents, context: { readonly clock: Clock }) {
    const { host, port, authorityPublicKey } = options;
    const { clock } = context;
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
    this.#transport = new ClientTransport(
      authorityPublicKey === undefined
        ? { kind: "plaintext" }
        : {
            kind: "noise",
            authorityPublicKey,
            // Some pools sign a certificate for each handshake, and do not backdate it.
            get nowSeconds() {
              return Math.floor(clock.nowMs() / 1000);
            },
          },
    );
    this.#socket = connect({ host, port, noDelay: true });
    this.#deadline = clock.after(ANSWER_TIMEOUT_MS, () =>
      this.#end(connectionTimeout(this.#place, ANSWER_TIMEOUT_MS / 1000)),
    );
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.#end(connectionFault(this.#place, error)));
    this.#socket.on("close", () => this.#end(connectionFault(this.#place, undefined)));
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
    this.#stage = "handshake";
    const opening = this.#transport.opening();
    if (opening.length > 0) this.#socket.write(opening);
    if (this.#transport.ready) this.#guarded(() => this.#ready());
  }

  #ready(): void {
    this.#stage = "unanswered";
    this.#events.onReady();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#lastHeardMs = this.#clock.monotonicMs();
    this.#guarded(() =>
      this.#transport.receive(chunk, {
        onReady: () => this.#ready(),
        onFrame: (header, payload) => {
          if (this.#ended) return;
          if (this.#stage === "unanswered") this.#answered();
          this.#events.onFrame(header, payload);
        },
      }),
    );
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#end(protocolFault(this.#place, error));
    }
  }

  #answered(): void {
    this.#stage = "answered";
    this.#deadline.cancel();
    this.#watchSilence(SILENCE_MS);
  }

  /** What is sent does not count: a pool that has gone is sent shares for many minutes before TCP gives up. */
  #watchSilence(afterMs: number): void {
    this.#deadline = this.#clock.after(afterMs, () => {
      const leftMs = this.#lastHeardMs + SILENCE_MS - this.#clock.monotonicMs();
      if (leftMs > 0) return this.#watchSilence(leftMs);
      const message = `the pool was silent for ${SILENCE_MS / 1000} s: check the network between here and the pool`;
      this.#end(new ClientError(message, { code: "pool-silent" }));
    });
  }

  get #place(): ConnectionPlace {
    const { host, port, authorityPublicKey } = this.#options;
    return { host, port, encrypted: authorityPublicKey !== undefined, stage: this.#stage };
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadline.cancel();
    this.#socket.destroy();
    this.#events.onEnd(error);
  }
}
