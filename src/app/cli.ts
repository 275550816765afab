#!/usr/bin/env node
/**
 * Where the `adit` command begins: takes over the signals, and only then loads all the rest, which takes some tenths of a
 * second. A signal in that time would end the process as if by a crash; only Node's own start is before it. What this
 * imports has to stay small.
 */

import { systemClock } from "../core/clock.ts";
import { handleSignals, hangupDetector } from "./signals.ts";

const signals = handleSignals({ clock: systemClock, process, isHangup: hangupDetector() });
const { runCommandLine } = await import("./command-line.ts");
await runCommandLine(process.argv.slice(2), signals);
