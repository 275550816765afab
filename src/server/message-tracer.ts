/**
 * Writes the messages of those peers that an operator wants to look at, both ways, and why their connections ended, one
 * JSON object per line. Other connections are not looked at. Where the lines go is the sink's part.
 */

import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { printableJson } from "../core/printable-text.ts";
import type { FrameTrace } from "../session/frame-trace.ts";
import { describeFrame } from "../wire/describe-frame.ts";
import { FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../wire/frame.ts";
import { matchesPeer, type Peer, type PeerPattern } from "./peer-pattern.ts";

export type TraceSink = {
  /** Where it goes, for the log. */
  readonly name: string;
  /** @throws {Error} where the line cannot be written. */
  write(line: string): void;
  /** Nothing is written any more. @throws {Error} where that fails, which harms nobody. */
  close(): void;
};

/** All lines of one sink. A day of one miner has some 10 MB; a disk that is full harms more than a trace that ends. */
export const MAX_TRACE_BYTES = 67_108_864;

/** One sink, and what became of it. */
type Run = { readonly sink: TraceSink; writtenBytes: number; ended: boolean };

export class MessageTracer {
  readonly #openSink: () => TraceSink;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #peers: readonly PeerPattern[] = [];
  /** Undefined while nobody is looked at. */
  #run: Run | undefined;

  /** @param options.openSink gives a sink of its own for each choice of peers. */
  constructor(
    options: { readonly openSink: () => TraceSink },
    context: { readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#openSink = options.openSink;
    this.#logger = context.logger;
    this.#clock = context.clock;
  }

  /**
   * Looks at those peers from now on, in the place of others, with another sink; nobody's before the first call.
   * @returns whether that is a change: then the traces that `of` gave before write nothing any more.
   */
  lookAt(peers: readonly PeerPattern[]): boolean {
    if (isDeepStrictEqual(peers, this.#peers)) return false;
    this.#peers = peers;
    if (this.#run !== undefined) this.#end(this.#run);
    this.#run = peers.length === 0 ? undefined : { sink: this.#openSink(), writtenBytes: 0, ended: false };
    return true;
  }

  /** The trace of a connection from now on; undefined where nobody wants one. */
  of(peer: Peer): FrameTrace | undefined {
    const run = this.#run;
    if (run === undefined || run.ended || !this.#peers.some((pattern) => matchesPeer(pattern, peer))) return undefined;
    const { connectionId, address } = peer;
    this.#logger.info("messages are traced", { connectionId, address, to: run.sink.name });
    const from = { connectionId, address };
    const header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
    return {
      received: (received, payload) =>
        this.#note(run, () => ({ ...from, direction: "received", ...describeFrame(received, payload) })),
      sent: (frame) =>
        this.#note(run, () => {
          readFrameHeader(frame, 0, header);
          return { ...from, direction: "sent", ...describeFrame(header, frame.subarray(FRAME_HEADER_BYTES)) };
        }),
      ended: (reason, error) => this.#note(run, () => ({ ...from, direction: "ended", reason, ...described(error) })),
    };
  }

  #note(run: Run, describe: () => Readonly<Record<string, unknown>>): void {
    if (run.ended) return;
    const line = printableJson({ time: new Date(this.#clock.nowMs()).toISOString(), ...describe() });
    // Its end belongs to it.
    run.writtenBytes += Buffer.byteLength(line) + 1;
    const to = run.sink.name;
    if (run.writtenBytes > MAX_TRACE_BYTES) {
      this.#end(run);
      this.#logger.warn("the trace is full and ends", { to, maxBytes: MAX_TRACE_BYTES });
      return;
    }
    try {
      run.sink.write(line);
    } catch (error) {
      this.#end(run);
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error("the trace cannot be written and ends", { to, reason });
    }
  }

  #end(run: Run): void {
    if (run.ended) return;
    run.ended = true;
    try {
      run.sink.close();
    } catch {
      // What is written is written; a sink that fails was told of where it was written to.
    }
  }
}

function described(error: unknown): { readonly error?: string; readonly details?: unknown } {
  if (!(error instanceof Error)) return {};
  const details = error instanceof AditError ? error.details : {};
  return { error: error.message, ...(Object.keys(details).length === 0 ? {} : { details }) };
}
