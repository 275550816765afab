/** How the miner's events are shown: as JSON for programs, or as lines for people. docs/miner.md has both. */

import type { MinerEvent } from "../client/miner-events.ts";
import { formatHashrate, progressLine } from "../client/miner-stats.ts";
import type { PaidOutput } from "../client/payout-watch.ts";
import { hostAndPort } from "../core/host-and-port.ts";
import { printableJson, printableText } from "../core/printable-text.ts";
import type { Output } from "./output.ts";

/** Of a payout, on a line. Arbitrary. */
const SHOWN_OUTPUTS = 4;

export type ShowEvent = (event: MinerEvent) => void;

/** Where progress is not shown in place, every so many seconds. */
const PROGRESS_LINE_SECONDS = 10;

/** One object per line. */
export function showAsJson(output: Output): ShowEvent {
  const isDue = everyNth(PROGRESS_LINE_SECONDS);
  return (event) => {
    if (event.event !== "progress" || isDue()) output.print(printableJson(event));
  };
}

/** @param now the time of a line. */
export function showAsText(output: Output, now: () => Date): ShowEvent {
  const isDue = everyNth(PROGRESS_LINE_SECONDS);
  let hasMined = false;
  const note = (text: string): void => output.print(`${timeOfDay(now())} ${text}`);
  return (event) => {
    switch (event.event) {
      case "opened": {
        hasMined = true;
        const { channel, nominalHashrate } = event;
        const announced = formatHashrate(nominalHashrate);
        return note(`mining on ${hostAndPort(event)}, ${channel} channel, announced ${announced}`);
      }
      case "payout":
        return note(payoutLine(event.outputs));
      case "block":
        return note(`share ${event.sequenceNumber} solves block ${event.hash}`);
      case "reconnect":
        // Of one that is followed the next event says where to and when.
        if (event.answer === "followed") return;
        return note(
          `the pool sends its miners on to ${printableText(hostAndPort(event))}: not followed, since ${NOT_FOLLOWED[event.answer]}`,
        );
      case "disconnected":
        return note(`${event.error}; next attempt in ${event.retryMs / 1000} s`);
      case "progress": {
        const line = progressLine(event, event.connected);
        if (output.isTerminal) output.progress(line);
        else if (isDue()) note(line);
        return;
      }
      case "finished":
        output.endProgress();
        if (hasMined) note(progressLine(event, true));
        return;
      case "accepted":
      case "rejected":
      case "failed":
        // The first two are in the progress; what failed is said where the command ends.
        return;
    }
  };
}

const NOT_FOLLOWED = {
  unproven: "without encryption it is not proven who says so; use the pool's URL with its key, without --plaintext",
  invalid: "there can be no such host",
} as const;

/** `a block pays 3.12500000 BTC to bc1q…, 0.02000000 BTC to script 0014…` */
function payoutLine(outputs: readonly PaidOutput[] | null): string {
  if (outputs === null) return "whom a block pays is not known: the coinbase of the pool's job cannot be read";
  if (outputs.length === 0) return "a block pays nobody";
  const parts = outputs
    .slice(0, SHOWN_OUTPUTS)
    .map(({ satoshi, script, address }) => `${formatBitcoin(satoshi)} BTC to ${address ?? `script ${script}`}`);
  const more = outputs.length - parts.length;
  return `a block pays ${parts.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function formatBitcoin(satoshi: string): string {
  return satoshi.padStart(9, "0").replace(/(?=.{8}$)/, ".");
}

function everyNth(count: number): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % count === 0;
  };
}

/** `01:13:24`, of this machine's time zone. */
function timeOfDay(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
