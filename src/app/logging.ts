/** The logger of the program: pino behind the interface of `core/`, to standard error. Standard output stays for results. */

import type { Writable } from "node:stream";
import { pino } from "pino";
import pretty from "pino-pretty";
import type { LogContext, Logger } from "../core/logger.ts";
import type { LogLevel } from "./config.ts";

export type LoggingOptions = { readonly level: LogLevel; readonly format: "pretty" | "json" };

/** @param destination for tests; standard error by default. */
export function createLogger(options: LoggingOptions, destination?: Writable): Logger {
  const { level, format } = options;
  const base = { level, base: null, serializers: { error: shownError } };
  if (format === "json") return adapt(pino(base, destination ?? pino.destination({ dest: 2, sync: true })));
  const stream = pretty({
    colorize: destination === undefined && process.stderr.isTTY === true,
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    singleLine: true,
    ...(destination === undefined ? { destination: 2, sync: true } : { destination }),
  });
  return adapt(pino(base, stream));
}

/** Without this an Error would be written as an object of its own fields, of which its message is none. */
function shownError(error: unknown): unknown {
  return error instanceof Error ? error.stack : error;
}

type PinoLogger = ReturnType<typeof pino>;

function adapt(logger: PinoLogger): Logger {
  return {
    debug: (message, context) => logger.debug(context ?? {}, message),
    info: (message, context) => logger.info(context ?? {}, message),
    warn: (message, context) => logger.warn(context ?? {}, message),
    error: (message, context) => logger.error(context ?? {}, message),
    child: (context: LogContext) => adapt(logger.child(context)),
  };
}
