/**
 * One connection as a machine without I/O: bytes in, bytes and events out. Finds out whether the peer speaks plaintext
 * or Noise, opens and seals frames, and keeps the deadlines of each state before the first channel. Sockets and timers
 * are the server's part, the protocol's messages that of `MiningConversation`. SV2 §3.2, §4.
 */

import { concatBytes } from "../core/bytes.ts";
import type { Moment } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { ConnectionChannels } from "../mining/connection-channels.ts";
import type { MiningPool } from "../mining/mining-pool.ts";
import { sumOfTotals } from "../mining/share-tally.ts";
import { ACT_ONE_BYTES, type NoiseResponder } from "../noise/handshake-state.ts";
import { detectTransport } from "../wire/detect.ts";
import { foreignProtocol } from "../wire/foreign-protocol.ts";
import { FRAME_HEADER_BYTES, type FrameReader, type FrameSealer } from "../wire/frame.ts";
import { FrameSplitter } from "../wire/frame-splitter.ts";
import type { FrameTrace } from "./frame-trace.ts";
import { MiningConversation } from "./mining-conversation.ts";
import type { OtherHost } from "./other-host.ts";
import { channelClosed, type EndReason, type SessionEnd, type SessionEvent } from "./session-events.ts";

export type SessionTimeouts = {
  /** From the connection's start to the end of the handshake. */
  readonly handshakeMs: number;
  /** From there to SetupConnection. */
  readonly setupMs: number;
  /** From there to the first channel; and how long shares may come when all channels are closed. */
  readonly noChannelMs: number;
};

export type SessionOptions = {
  /** Unique over the life of the process. */
  readonly connectionId: string;
  readonly plaintextAllowed: boolean;
  readonly timeouts: SessionTimeouts;
  readonly now: Moment;
};

export type SessionHost = {
  readonly pool: MiningPool;
  /** A responder with the certificate of this moment. */
  createResponder(): NoiseResponder;
  onEvent(event: SessionEvent): void;
  /** There are bytes to take. */
  onOutput(): void;
  /** The session is over: take what is left, and close. */
  onEnd(reason: EndReason, end: SessionEnd): void;
};

type Transport = { readonly reader: FrameReader; readonly sealer: FrameSealer };

type Phase = "transport" | "setup" | "open" | "ended";

/** What a phase may take, and why the session ends where it takes longer. */
const DEADLINES: Readonly<
  Partial<Record<Phase, { readonly allowed: keyof SessionTimeouts; readonly reason: EndReason }>>
> = {
  transport: { allowed: "handshakeMs", reason: "handshake-timeout" },
  setup: { allowed: "setupMs", reason: "setup-timeout" },
  open: { allowed: "noChannelMs", reason: "no-channel-timeout" },
};

export class ConnectionSession {
  readonly connectionId: string;
  readonly #options: SessionOptions;
  #timeouts: SessionTimeouts;
  readonly #host: SessionHost;
  readonly #conversation: MiningConversation;
  #phase: Phase = "transport";
  #now: Moment;
  /** Bytes of which it is not known yet what they are; fewer than `ACT_ONE_BYTES`. */
  #undecided: Uint8Array = new Uint8Array(0);
  /** Undefined before the first frame. */
  #transport: Transport | undefined;
  #trace: FrameTrace | undefined;
  #output: Uint8Array[] = [];
  /** When the present phase began, or the last channel was closed; undefined while there is a channel. */
  #sinceMs: number | undefined;
  #hadChannel = false;

  constructor(options: SessionOptions, host: SessionHost) {
    this.connectionId = options.connectionId;
    this.#options = options;
    this.#host = host;
    this.#now = options.now;
    this.#timeouts = options.timeouts;
    this.#sinceMs = options.now.monotonicMs;
    this.#conversation = new MiningConversation(options.connectionId, {
      pool: host.pool,
      send: (frame) => this.send(frame),
      event: (event) => host.onEvent(event),
      shareWithoutChannel: () => this.#shareWithoutChannel(),
      end: (reason) => this.end(reason),
      sink: {
        send: (frame) => this.send(frame),
        end: (reason, error) => this.end(reason, error),
        channelClosed: (channel, reasonCode) => host.onEvent(channelClosed(channel, { by: "pool", reasonCode })),
        targetChanged: (change) => host.onEvent({ kind: "target-changed", ...change }),
        workAvailable: () => this.#conversation.workAvailable(this.#now),
      },
    });
  }

  /** Undefined until the setup succeeded. */
  get channels(): ConnectionChannels | undefined {
    return this.#conversation.channels;
  }

  /** Holds for the present phase too, counted from its begin. */
  set timeouts(timeouts: SessionTimeouts) {
    this.#timeouts = timeouts;
  }

  /** Is shown every frame from now on, and the end; undefined: nobody looks. */
  set trace(trace: FrameTrace | undefined) {
    this.#trace = trace;
  }

  /** Takes bytes as they came from the socket. They may be overwritten. Never throws. */
  receive(chunk: Uint8Array, now: Moment): void {
    if (this.#phase === "ended") return;
    this.#now = now;
    try {
      if (this.#transport === undefined) this.#receiveUndecided(chunk);
      else this.#readFrames(this.#transport, chunk);
      this.#updateDeadline();
    } catch (error) {
      this.#endByError(error);
    }
  }

  /** Seals a frame and queues it. */
  send(frame: Uint8Array): void {
    if (this.#phase === "ended" || this.#transport === undefined) return;
    this.#trace?.sent(frame);
    this.#queue(this.#transport.sealer.seal(frame));
  }

  /** Sends the client elsewhere, where it was set up and knows what that is. @returns whether it was told. */
  reconnect(otherHost: OtherHost): boolean {
    return this.#phase !== "ended" && this.#conversation.reconnect(otherHost);
  }

  /** What is to be written, in order; empties the queue. */
  takeOutput(): Uint8Array[] {
    const taken = this.#output;
    this.#output = [];
    return taken;
  }

  /** Looks at the deadlines. */
  tick(now: Moment): void {
    if (this.#phase === "ended") return;
    this.#now = now;
    this.#conversation.tick(now);
    this.#updateDeadline();
    const deadline = DEADLINES[this.#phase];
    if (this.#sinceMs === undefined || deadline === undefined || this.#hadChannel) return;
    if (now.monotonicMs - this.#sinceMs >= this.#timeouts[deadline.allowed]) this.end(deadline.reason);
  }

  /** Ends the session: nothing is read any more, what is queued goes out still. A second call does nothing. */
  end(reason: EndReason, error?: unknown): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    const { channels } = this.#conversation;
    const open = [...(channels?.channels() ?? [])];
    const openChannels = open.length;
    try {
      if (channels !== undefined) this.#host.pool.disconnect(channels);
      this.#trace?.ended(reason, error);
      const why = { by: "connection", reasonCode: reason } as const;
      for (const channel of open) this.#host.onEvent(channelClosed(channel, why));
    } finally {
      const shares = channels?.shares ?? sumOfTotals([]);
      this.#host.onEnd(reason, { error, openChannels, shares, undecided: this.#undecided });
    }
  }

  #endByError(error: unknown): void {
    const isPeersFault = error instanceof AditError && error.disposition.kind === "disconnect";
    this.end(isPeersFault ? `protocol:${error.code}` : "internal-error", error);
  }

  #receiveUndecided(chunk: Uint8Array): void {
    const bytes = concatBytes(this.#undecided, chunk);
    this.#undecided = bytes;
    if (bytes.length < FRAME_HEADER_BYTES) return;
    const { transport, cause } = detectTransport(bytes.subarray(0, FRAME_HEADER_BYTES));
    if (transport === "plaintext") {
      this.#host.onEvent({ kind: "transport", transport, cause });
      if (!this.#options.plaintextAllowed) return this.end("plaintext-refused");
      const sealer = { seal: (frame: Uint8Array) => frame };
      return this.#beginFrames({ reader: new FrameSplitter("server"), sealer }, bytes);
    }
    const foreign = foreignProtocol(bytes);
    if (foreign !== undefined) return this.end(`${foreign}-peer`);
    if (bytes.length < ACT_ONE_BYTES) return;
    const responder = this.#host.createResponder();
    this.#queue(responder.readActOne(bytes.subarray(0, ACT_ONE_BYTES)));
    this.#host.onEvent({ kind: "transport", transport, cause });
    this.#beginFrames(responder.transport(), bytes.subarray(ACT_ONE_BYTES));
  }

  #beginFrames(transport: Transport, rest: Uint8Array): void {
    this.#transport = transport;
    this.#undecided = new Uint8Array(0);
    this.#phase = "setup";
    this.#sinceMs = this.#now.monotonicMs;
    if (rest.length > 0) this.#readFrames(transport, rest);
  }

  #readFrames({ reader }: Transport, chunk: Uint8Array): void {
    reader.push(chunk, (header, payload) => {
      if (this.#phase === "ended") return;
      this.#trace?.received(header, payload);
      this.#conversation.receive(header, payload, this.#now);
    });
  }

  /**
   * The deadline belongs to the phase: it begins with it, and the first channel ends the last one for good. A proxy whose
   * miners are all away stays connected: some end for ever where their pool closes the connection.
   */
  #updateDeadline(): void {
    const { channels } = this.#conversation;
    if (channels === undefined || this.#phase === "ended") return;
    if (this.#phase === "setup") {
      this.#phase = "open";
      this.#sinceMs = this.#now.monotonicMs;
    }
    if (channels.size > 0) {
      this.#sinceMs = undefined;
      this.#hadChannel = true;
    } else this.#sinceMs ??= this.#now.monotonicMs;
  }

  /** Shares that were under way when their channel was closed are no harm; a client that does not heed that is. */
  #shareWithoutChannel(): void {
    if (this.#sinceMs === undefined) return;
    if (this.#now.monotonicMs - this.#sinceMs >= this.#timeouts.noChannelMs) this.end("no-channel-timeout");
  }

  #queue(bytes: Uint8Array): void {
    this.#output.push(bytes);
    this.#host.onOutput();
  }
}
