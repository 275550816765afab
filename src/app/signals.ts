/** SIGINT and SIGTERM: the first asks for an orderly stop, the second ends the process at once. */

import { EXIT_FAILURE, EXIT_SIGINT, EXIT_SIGTERM } from "./exit-codes.ts";

/** An orderly stop that takes longer is cut off. */
const STOP_WITHIN_MS = 5_000;

export type SignalHandling = {
  /** Resolves with the first signal's name. */
  readonly stopSignal: Promise<string>;
  /** Takes the handlers away again. */
  release(): void;
};

/** @param onLate called when the orderly stop took too long, right before the process ends. */
export function handleSignals(onLate: () => void): SignalHandling {
  let stop: (signal: string) => void = () => undefined;
  const stopSignal = new Promise<string>((resolve) => {
    stop = resolve;
  });
  let asked = false;
  let late: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM);
    asked = true;
    late = setTimeout(() => {
      onLate();
      process.exit(EXIT_FAILURE);
    }, STOP_WITHIN_MS);
    late.unref();
    stop(signal);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    stopSignal,
    release() {
      clearTimeout(late);
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
