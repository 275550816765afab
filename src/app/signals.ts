/**
 * SIGINT and SIGTERM: the first asks for an orderly stop, a second one ends the process at once. Time and process come
 * as arguments, so that a test can hold them.
 */

import type { Clock, Timer } from "../core/clock.ts";
import { EXIT_FAILURE, EXIT_SIGINT, EXIT_SIGTERM } from "./exit-codes.ts";

/** An orderly stop that takes longer is cut off. */
const STOP_WITHIN_MS = 5_000;

/**
 * The same signal within this long is no second one: npm hands on the terminal's Ctrl-C to a program that has had it
 * from the terminal already. Faster than people press twice.
 */
const SAME_SIGNAL_WITHIN_MS = 150;

/** What of `process` is used. */
export type SignalProcess = {
  on(signal: "SIGINT" | "SIGTERM", listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
};

export type SignalHandling = {
  /** Resolves with the first signal's name. */
  readonly stopSignal: Promise<string>;
  /** Takes the handlers away again. */
  release(): void;
};

/** @param onLate called when the orderly stop took too long, right before the process ends. */
export function handleSignals(
  onLate: () => void,
  { clock, process }: { readonly clock: Clock; readonly process: SignalProcess },
): SignalHandling {
  let stop: (signal: string) => void = () => undefined;
  const stopSignal = new Promise<string>((resolve) => {
    stop = resolve;
  });
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
  let late: Timer | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const atMs = clock.monotonicMs();
    if (first !== undefined) {
      if (signal === first.signal && atMs - first.atMs < SAME_SIGNAL_WITHIN_MS) return;
      return process.exit(signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM);
    }
    first = { signal, atMs };
    late = clock.after(STOP_WITHIN_MS, () => {
      onLate();
      process.exit(EXIT_FAILURE);
    });
    stop(signal);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    stopSignal,
    release() {
      late?.cancel();
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
