/**
 * Writes the messages of those peers that an operator wants to look at, both ways, one JSON object per line. Other
 * connections are not looked at. Where the lines go is the sink's part.
 */

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { printableJson } from "../core/printable-text.ts";
import type { FrameTrace } from "../session/frame-trace.ts";
import { describeFrame, type FrameDescription } from "../wire/describe-frame.ts";
import { FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../wire/frame.ts";
import { matchesPeer, type Peer, type PeerPattern } from "./peer-pattern.ts";

export type TraceSink = {
  /** Where it goes, for the log. */
  readonly name: string;
  /** @throws {Error} where the line cannot be written. */
  write(line: string): void;
};

/** All lines of one run of the pool. A day of one miner has some 10 MB; a disk that is full harms more than a trace that ends. */
export const MAX_TRACE_BYTES = 67_108_864;

export class MessageTracer {
  readonly #peers: readonly PeerPattern[];
  readonly #sink: TraceSink;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #writtenBytes = 0;
  #ended = false;

  constructor(
    options: { readonly peers: readonly PeerPattern[]; readonly sink: TraceSink },
    context: { readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#peers = options.peers;
    this.#sink = options.sink;
    this.#logger = context.logger;
    this.#clock = context.clock;
  }

  /** The trace of a connection that begins; undefined where nobody wants one. */
  of(peer: Peer): FrameTrace | undefined {
    if (this.#ended || !this.#peers.some((pattern) => matchesPeer(pattern, peer))) return undefined;
    const { connectionId, address } = peer;
    this.#logger.info("messages are traced", { connectionId, address, to: this.#sink.name });
    const from = { connectionId, address };
    const header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
    return {
      received: (received, payload) =>
        this.#note(() => ({ ...from, direction: "received", ...describeFrame(received, payload) })),
      sent: (frame) =>
        this.#note(() => {
          readFrameHeader(frame, 0, header);
          return { ...from, direction: "sent", ...describeFrame(header, frame.subarray(FRAME_HEADER_BYTES)) };
        }),
    };
  }

  #note(message: () => FrameDescription): void {
    if (this.#ended) return;
    const line = printableJson({ time: new Date(this.#clock.nowMs()).toISOString(), ...message() });
    // Its end belongs to it.
    this.#writtenBytes += Buffer.byteLength(line) + 1;
    if (this.#writtenBytes > MAX_TRACE_BYTES) {
      this.#ended = true;
      this.#logger.warn("the trace is full and ends", { to: this.#sink.name, maxBytes: MAX_TRACE_BYTES });
      return;
    }
    try {
      this.#sink.write(line);
    } catch (error) {
      this.#ended = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error("the trace cannot be written and ends", { to: this.#sink.name, reason });
    }
  }
}
