/**
 * SIGINT and SIGTERM: the first asks for an orderly stop, a second one ends the process at once. SIGHUP asks for the
 * configuration to be read again; for a command that has nothing to reload, and where it says that the terminal is gone,
 * it asks for an orderly stop too. What comes before the command has begun waits for it. Time and process come as
 * arguments, so that a test can hold them.
 */

import { setImmediate } from "node:timers/promises";
import { isatty } from "node:tty";
import type { Clock, Timer } from "../core/clock.ts";
import { EXIT_FAILURE, EXIT_SIGINT, EXIT_SIGTERM } from "./exit-codes.ts";

/** An orderly stop that takes longer is cut off. */
const STOP_WITHIN_MS = 5_000;

/**
 * The same signal within this long is no second one: npm hands on the terminal's Ctrl-C to a program that has had it
 * from the terminal already. Faster than people press twice.
 */
const SAME_SIGNAL_WITHIN_MS = 150;

type HandledSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What of `process` is used. */
export type SignalProcess = {
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals): unknown;
  on(signal: HandledSignal, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: HandledSignal, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
};

export type SignalHandling = {
  /** Resolves with the first signal's name. */
  readonly stopSignal: Promise<string>;
  /** Has `listener` called with each SIGHUP from now on, and at once where one came before. */
  onReload(listener: () => void): void;
  /** A SIGHUP is a stop from now on, and so is one that came before: there is nothing to reload. */
  stopOnHangup(): void;
  /** Has `listener` called when the orderly stop took too long, right before the process ends. */
  onLate(listener: () => void): void;
  /** Gives the signals back to the system; one that came before has now the effect that it would have had. */
  decline(): void;
  /**
   * Runs what holds up the thread, and the signals with it, while the system has them: one ends the process at once, and so
   * does one that came before.
   */
  unhandled<T>(work: () => T): Promise<T>;
  /** Takes the handlers away again. */
  release(): void;
};

export type SignalParts = {
  readonly clock: Clock;
  readonly process: SignalProcess;
  /** Whether a SIGHUP means that the terminal was closed, and not a reload. */
  readonly isHangup: () => boolean;
};

export function handleSignals({ clock, process, isHangup }: SignalParts): SignalHandling {
  let stop: (signal: string) => void = () => undefined;
  const stopSignal = new Promise<string>((resolve) => {
    stop = resolve;
  });
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
  let late: Timer | undefined;
  let sayLate: () => void = () => undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const atMs = clock.monotonicMs();
    if (first !== undefined) {
      if (signal === first.signal && atMs - first.atMs < SAME_SIGNAL_WITHIN_MS) return;
      return process.exit(signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM);
    }
    first = { signal, atMs };
    late = clock.after(STOP_WITHIN_MS, () => {
      sayLate();
      process.exit(EXIT_FAILURE);
    });
    stop(signal);
  };
  let reload: (() => void) | undefined;
  let isReloadDue = false;
  let canReload = true;
  const onHangup = (signal: NodeJS.Signals): void => {
    if (canReload && !isHangup()) {
      if (reload === undefined) isReloadDue = true;
      else reload();
    } else if (first === undefined) onSignal(signal);
  };
  const release = (): void => {
    late?.cancel();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    process.off("SIGHUP", onHangup);
  };
  const listen = (): void => {
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    process.on("SIGHUP", onHangup);
  };
  const decline = (): void => {
    release();
    const signal = first?.signal ?? (isReloadDue ? "SIGHUP" : undefined);
    if (signal !== undefined) process.kill(process.pid, signal);
  };
  listen();
  return {
    stopSignal,
    onReload(listener) {
      reload = listener;
      if (isReloadDue) listener();
      isReloadDue = false;
    },
    stopOnHangup() {
      canReload = false;
      if (isReloadDue) onHangup("SIGHUP");
    },
    onLate(listener) {
      sayLate = listener;
    },
    decline,
    async unhandled(work) {
      // What has come by now is heard in the next turn but one at the latest, and would get lost without a listener.
      for (let turns = 0; turns < 2; turns += 1) await setImmediate();
      decline();
      try {
        return work();
      } finally {
        listen();
      }
    },
    release,
  };
}

/**
 * What a SIGHUP of this process means from now on: that its terminal was closed, where it had one that is gone. On
 * Windows it always means that: there it comes of the console's close button alone.
 */
export function hangupDetector(platform: NodeJS.Platform = process.platform): () => boolean {
  if (platform === "win32") return () => true;
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  return () => terminals.some((descriptor) => !isatty(descriptor));
}
