/**
 * The logger that every part is given. Messages are constant text, data is context:
 * `log.info("channel opened", { channelId })`. Keys and passwords are never passed to it.
 */

export type LogContext = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, context?: LogContext): void;
  info(message: string, context?: LogContext): void;
  warn(message: string, context?: LogContext): void;
  error(message: string, context?: LogContext): void;
  /** A logger whose lines all carry `context` as well. */
  child(context: LogContext): Logger;
}

/** Discards everything. */
export const nullLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child() {
    return nullLogger;
  },
};
