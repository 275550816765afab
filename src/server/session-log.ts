/**
 * A session's events as log lines. Messages are constant, what the peer said is context, in which no character can
 * change what a terminal or another line shows.
 */

import { AditError } from "../core/errors.ts";
import type { LogContext, Logger } from "../core/logger.ts";
import { printableText } from "../core/printable-text.ts";
import type { EndReason, SessionEvent } from "../session/session-events.ts";

/** Logs one event at the level that an operator would want. */
export function logEvent(log: Logger, event: SessionEvent): void {
  const { kind, ...facts } = event;
  const context = printable(facts);
  switch (kind) {
    case "transport":
      return log.debug("transport detected", context);
    case "setup":
      return log.info("connection set up", context);
    case "setup-refused":
      return log.info("setup refused", context);
    case "channel-opened":
      return log.info("channel opened", context);
    case "channel-refused":
      return log.info("channel refused", context);
    case "channel-closed":
      return log.info("channel closed", context);
    case "share-before-channel":
      return log.debug("share before the first channel", context);
    case "unknown-message":
      return log.debug("unknown message ignored", context);
  }
}

/** Logs why a session ended, with the error's facts where an error ended it. */
export function logEnd(log: Logger, reason: EndReason, error: unknown): void {
  if (reason === "internal-error") {
    const stack = error instanceof Error ? error.stack : String(error);
    return log.error("connection ended by a fault of ours", { reason, stack });
  }
  if (error instanceof AditError) {
    return log.info("connection ended", { reason, error: error.message, ...error.details });
  }
  if (error instanceof Error) return log.info("connection ended", { reason, error: error.message });
  log.info("connection ended", { reason });
}

/** The same facts, with each unprintable character of a text as `\u{…}`, its code in hexadecimal. */
function printable(facts: LogContext): LogContext {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, typeof value === "string" ? printableText(value) : value]),
  );
}
