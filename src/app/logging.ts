/** The logger of the program: pino behind the interface of `core/`, to standard error. Standard output stays for results. */

import { pino } from "pino";
import pretty from "pino-pretty";
import type { LogContext, Logger } from "../core/logger.ts";
import type { LogLevel } from "./config.ts";

export type LoggingOptions = { readonly level: LogLevel; readonly format: "pretty" | "json" };

type Destination = { write(text: string): void };

/** @param destination for tests; standard error by default. */
export function createLogger(options: LoggingOptions, destination?: Destination): Logger {
  const { level, format } = options;
  const base = { level, base: null };
  if (format === "json") return adapt(pino(base, destination ?? pino.destination({ dest: 2, sync: true })));
  const stream = pretty({
    colorize: destination === undefined && process.stderr.isTTY === true,
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    singleLine: true,
    ...(destination === undefined ? { destination: 2, sync: true } : { destination: destination as never }),
  });
  return adapt(pino(base, stream));
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
