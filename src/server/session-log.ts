/**
 * One connection in the log: a line for each event, with what is known of the peer by then. Messages are constant, what
 * the peer said is context, in which no character can change what a terminal or another line shows.
 */

import { toHex } from "../core/bytes.ts";
import type { Moment } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { LogContext, Logger } from "../core/logger.ts";
import { printableText } from "../core/printable-text.ts";
import type { EndReason, SessionEnd, SessionEvent } from "../session/session-events.ts";

/** Of bytes that were no handshake, so many are shown: enough to see what they begin. Arbitrary. */
const SHOWN_FIRST_BYTES = 16;

export class SessionLog {
  readonly #log: Logger;
  readonly #openedMs: number;
  /** In each line: transport and its cause, then vendor and firmware. */
  #peer: LogContext = {};

  /** @param log names the connection and its address in each line. */
  constructor(log: Logger, now: Moment) {
    this.#log = log;
    this.#openedMs = now.monotonicMs;
  }

  /** Logs one event at the level that an operator would want. */
  event(event: SessionEvent): void {
    const log = this.#log;
    const { kind, ...facts } = event;
    this.#learn(event);
    const context = { ...printable(facts), ...this.#peer };
    switch (kind) {
      case "transport":
        return log.debug("transport detected", this.#peer);
      case "setup":
        return log.info("connection set up", context);
      case "setup-refused":
        return log.info("setup refused", context);
      case "extensions-requested":
        return log.debug("extensions requested", context);
      case "channel-opened":
        return log.info("channel opened", context);
      case "channel-refused":
        return log.info("channel refused", context);
      case "channel-updated":
        return log.debug("channel updated", context);
      case "target-changed":
        return log.debug("target changed", context);
      case "channel-update-refused":
        return log.info("channel update refused", context);
      case "channel-closed":
        return log.info("channel closed", context);
      case "share-before-channel":
        return log.debug("share before the first channel", context);
      case "unknown-message":
        return log.debug("unknown message ignored", context);
    }
  }

  #learn(event: SessionEvent): void {
    if (event.kind === "transport") this.#peer = { transport: event.transport, transportCause: event.cause };
    if (event.kind !== "setup" && event.kind !== "setup-refused") return;
    this.#peer = { ...this.#peer, ...printable({ vendor: event.vendor, firmware: event.firmware }) };
  }

  /** Logs why the session ended, what it was until then, and the error's facts where an error ended it. */
  end(reason: EndReason, end: SessionEnd, now: Moment): void {
    const { error, openChannels, shares, undecided } = end;
    const context = {
      reason,
      ...this.#peer,
      livedSeconds: Math.round(now.monotonicMs - this.#openedMs) / 1_000,
      openChannels,
      acceptedShares: shares.acceptedTotal,
      rejectedShares: shares.rejectedTotal,
      ...(undecided.length === 0 ? {} : { firstBytes: toHex(undecided.subarray(0, SHOWN_FIRST_BYTES)) }),
    };
    if (reason === "internal-error") {
      const stack = error instanceof Error ? error.stack : String(error);
      return this.#log.error("connection ended by a fault of ours", { ...context, stack });
    }
    this.#log.info("connection ended", { ...context, ...factsOf(error) });
  }
}

function factsOf(error: unknown): LogContext {
  if (error instanceof AditError) return { error: error.message, ...error.details };
  return error instanceof Error ? { error: error.message } : {};
}

/** The same facts, with each unprintable character of a text as its code. */
function printable(facts: LogContext): LogContext {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, typeof value === "string" ? printableText(value) : value]),
  );
}
