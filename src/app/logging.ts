/** The logger of the program: pino behind the interface of `core/`, to standard error. Standard output stays for results. */

import type { Writable } from "node:stream";
import { type DestinationStream, pino } from "pino";
import pretty from "pino-pretty";
import type { LogContext, Logger } from "../core/logger.ts";
import type { LogLevel } from "./config.ts";
import { LOG_LEVELS } from "./config-schema.ts";

export type LoggingOptions = { readonly level: LogLevel; readonly format: "pretty" | "json" };

/** The logger that all others are children of. */
export interface RootLogger extends Logger {
  /** The least that is logged from now on, by its children too. */
  setLevel(level: LogLevel): void;
}

/** @param destination for tests; standard error by default. */
export function createLogger(options: LoggingOptions, destination?: Writable): RootLogger {
  const { level, format } = options;
  // A child of pino's has a level of its own, so the level is looked at before.
  const base = { level: LOG_LEVELS[0], base: null, serializers: { error: shownError } };
  const gate = { least: LOG_LEVELS.indexOf(level) };
  const root = (logger: PinoLogger): RootLogger => ({
    ...adapt(logger, gate),
    setLevel(next) {
      gate.least = LOG_LEVELS.indexOf(next);
    },
  });
  if (format === "json") return root(pino(base, destination ?? standardError()));
  const stream = pretty({
    colorize: destination === undefined && process.stderr.isTTY === true,
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    singleLine: true,
    // An error is a fact like others: each event has one line.
    errorLikeObjectKeys: [],
    ...(destination === undefined ? { destination: 2, sync: true } : { destination }),
  });
  return root(pino(base, stream));
}

/** Without a listener a closed terminal, of which SIGHUP tells, would end the program before its orderly stop. */
function standardError(): DestinationStream {
  const stream = pino.destination({ dest: 2, sync: true });
  stream.on("error", () => undefined);
  return stream;
}

/** Without this an Error would be written as an object of its own fields, of which its message is none. */
function shownError(error: unknown): unknown {
  return error instanceof Error ? error.stack : error;
}

type PinoLogger = ReturnType<typeof pino>;

/** @param gate the index of the least level that is logged. */
function adapt(logger: PinoLogger, gate: { readonly least: number }): Logger {
  const at = (level: LogLevel): Logger[LogLevel] => {
    const index = LOG_LEVELS.indexOf(level);
    return (message, context = {}) => {
      if (index >= gate.least) logger[level](context, message);
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (context: LogContext) => adapt(logger.child(context), gate),
  };
}
