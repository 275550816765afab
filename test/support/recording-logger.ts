/** A logger that keeps its lines, for tests that look at them. */

import type { LogContext, Logger } from "../../src/core/logger.ts";

export type LogLine = { readonly level: string; readonly message: string; readonly context: LogContext };

export class RecordingLogger implements Logger {
  readonly lines: LogLine[];
  readonly #context: LogContext;

  constructor(lines: LogLine[] = [], context: LogContext = {}) {
    this.lines = lines;
    this.#context = context;
  }

  debug(message: string, context: LogContext = {}): void {
    this.#note("debug", message, context);
  }
  info(message: string, context: LogContext = {}): void {
    this.#note("info", message, context);
  }
  warn(message: string, context: LogContext = {}): void {
    this.#note("warn", message, context);
  }
  error(message: string, context: LogContext = {}): void {
    this.#note("error", message, context);
  }
  child(context: LogContext): Logger {
    return new RecordingLogger(this.lines, { ...this.#context, ...context });
  }

  /** Contexts of the lines with that message. */
  of(message: string): LogContext[] {
    return this.lines.filter((line) => line.message === message).map(({ context }) => context);
  }

  #note(level: string, message: string, context: LogContext): void {
    this.lines.push({ level, message, context: { ...this.#context, ...context } });
  }
}
