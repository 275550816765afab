/**
 * One socket and its session: bytes from the one to the other and back. What a turn of the event loop gives a peer
 * leaves in one write, and a peer that does not read is dropped. Leaves all meaning to the session.
 */

import type { Socket } from "node:net";
import { concatBytes } from "../core/bytes.ts";
import type { Clock, Moment } from "../core/clock.ts";
import type { ConnectionSession } from "../session/connection-session.ts";
import type { Peer } from "./peer-pattern.ts";

export type ConnectionLimits = {
  /** Bytes that may wait for a peer that does not read. One more, and the connection ends. */
  readonly maxOutboundBytes: number;
};

/** A peer that is gone without a word is noticed though nothing is sent to it: the kernel asks after this long. Arbitrary. */
const PROBE_AFTER_MS = 60_000;

export class Connection {
  readonly session: ConnectionSession;
  readonly peer: Peer;
  /** When each of its channels was last sent something for the sake of it, on the monotonic clock. */
  keptAliveMs = 0;
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;

  constructor(
    session: ConnectionSession,
    socket: Socket,
    { peer, limits }: { readonly peer: Peer; readonly limits: ConnectionLimits },
  ) {
    this.session = session;
    this.peer = peer;
    this.#socket = socket;
    this.#limits = limits;
  }

  /** Connects the socket's events; `now` is asked once per event, `onRead` called after the session took what came. */
  begin(handlers: { readonly now: () => Moment; readonly onRead: () => void; readonly onClosed: () => void }): void {
    const socket = this.#socket;
    this.keptAliveMs = handlers.now().monotonicMs;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, PROBE_AFTER_MS);
    socket.on("data", (chunk: Buffer) => {
      this.session.receive(chunk, handlers.now());
      handlers.onRead();
    });
    socket.on("end", () => this.session.end("peer-closed"));
    socket.on("error", (error) => this.session.end("socket-error", error));
    socket.on("close", () => {
      this.session.end("peer-closed");
      handlers.onClosed();
    });
  }

  /** Writes what the session has queued, in one write. */
  flush(): void {
    const pieces = this.session.takeOutput();
    if (pieces.length === 0) return;
    const [first] = pieces;
    this.#socket.write(pieces.length === 1 && first !== undefined ? first : concatBytes(...pieces));
    if (this.#socket.writableLength > this.#limits.maxOutboundBytes) {
      this.session.end("outbound-limit");
      this.#socket.destroy();
    }
  }

  /** Stops reading, or goes on. */
  pauseReading(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Writes what is left and closes; a peer that does not close its side too is cut off after `graceMs`. */
  close(graceMs: number, clock: Clock): void {
    this.flush();
    if (this.#socket.destroyed) return;
    this.#socket.end();
    // Without reading, the peer's own end would never be seen; the session takes nothing of it any more.
    this.#socket.resume();
    // Not the socket's own timeout: that begins anew with each byte that the peer sends.
    const cutOff = clock.after(graceMs, () => this.#socket.destroy());
    this.#socket.once("close", () => cutOff.cancel());
  }
}
