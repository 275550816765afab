/**
 * `npm run bench:ledger`: what a flush costs the main thread, from what the channels earned to the acknowledgements, with
 * the ledger's file in a temporary folder and synced with each commit. Prints a table, or with --json one object for
 * programs. Sockets and encryption are left out: a frame ends in a sink that counts its bytes.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { systemClock } from "../src/core/clock.ts";
import { nullLogger } from "../src/core/logger.ts";
import { createMetricRegistry } from "../src/core/metrics.ts";
import type { ShareBatchCommit } from "../src/ledger/ledger.ts";
import { SqliteLedger } from "../src/ledger/sqlite-ledger.ts";
import { Acknowledger } from "../src/server/acknowledger.ts";
import { CountingSink, EarningChannel } from "./earning-channel.ts";

/** Of channels that have a share to be acknowledged. */
const CHANNELS = [100, 1_000, 5_000];
const WARM_UP_FLUSHES = 50;
const FLUSHES = 400;

/** Milliseconds of the main thread, but for the last. */
const PARTS = ["take", "handOver", "answer", "acknowledge", "sum", "untilStored"] as const;
type Part = (typeof PARTS)[number];
type Measured = Record<Part, number>;
type Row = { readonly part: Part; readonly p50Us: number; readonly p99Us: number; readonly usPerChannel: number };

const LABELS: Record<Part, string> = {
  take: "take from the channels",
  handOver: "hand over to the thread",
  answer: "receive its answer",
  acknowledge: "acknowledge",
  sum: "main thread, all",
  untilStored: "(until it is stored)",
};

/** The moments of the commit under way. */
class TimedLedger extends SqliteLedger {
  takenMs = 0;
  handedOverMs = 0;
  answerMs = 0;
  storedMs = 0;

  override commit(batch: ShareBatchCommit): Promise<void> {
    this.takenMs = performance.now();
    const committed = super.commit(batch);
    this.handedOverMs = performance.now();
    const before = performance.eventLoopUtilization();
    return committed.then(() => {
      // The message is read before any code of ours runs. So this is all that the event loop did while nothing else was
      // to be done: the time in which it did not wait for events.
      this.answerMs = performance.eventLoopUtilization(before).active;
      this.storedMs = performance.now();
    });
  }
}

async function flushOnce(acknowledger: Acknowledger, ledger: TimedLedger): Promise<Measured> {
  const begunMs = performance.now();
  await acknowledger.flush();
  const endedMs = performance.now();
  const take = ledger.takenMs - begunMs;
  const handOver = ledger.handedOverMs - ledger.takenMs;
  const { answerMs: answer } = ledger;
  const acknowledge = endedMs - ledger.storedMs;
  const untilStored = ledger.storedMs - begunMs;
  return { take, handOver, answer, acknowledge, sum: take + handOver + answer + acknowledge, untilStored };
}

async function measure(ledger: TimedLedger, count: number): Promise<Row[]> {
  const sink = new CountingSink();
  const channels = Array.from({ length: count }, (_, index) => new EarningChannel(index + 1, sink));
  const acknowledger = new Acknowledger(
    // Nothing is flushed but when the bench says so.
    { ledger, runId: `bench-${count}`, intervalMs: 3_600_000, maxPendingShares: Number.POSITIVE_INFINITY },
    { logger: nullLogger, metrics: createMetricRegistry(), clock: systemClock },
  );
  const measured: Measured[] = [];
  for (let flush = 0; flush < WARM_UP_FLUSHES + FLUSHES; flush += 1) {
    for (const channel of channels) acknowledger.noteAccepted(channel.earn(), false);
    // A turn of its own, as after a timer.
    await setImmediate();
    measured.push(await flushOnce(acknowledger, ledger));
  }
  acknowledger.end();
  if (sink.bytes !== measured.length * count * ACKNOWLEDGEMENT_BYTES) throw new Error("channels were not acknowledged");
  return PARTS.map((part) => {
    const sorted = measured.slice(WARM_UP_FLUSHES).map((times) => 1_000 * times[part]);
    sorted.sort((a, b) => a - b);
    const p50Us = sorted[Math.floor(0.5 * sorted.length)] ?? Number.NaN;
    const p99Us = sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN;
    return { part, p50Us, p99Us, usPerChannel: p50Us / count };
  });
}

/** Header and fields of SubmitShares.Success. */
const ACKNOWLEDGEMENT_BYTES = 6 + 20;

function table(count: number, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ part, p50Us, p99Us, usPerChannel }) =>
      `${LABELS[part].padEnd(26)} ${p50Us.toFixed(0).padStart(8)} µs ${p99Us.toFixed(0).padStart(8)} µs ${usPerChannel.toFixed(2).padStart(8)} µs`,
  );
  return [
    `${count.toLocaleString("en-US")} channels`,
    `${"".padEnd(26)} ${"p50".padStart(11)} ${"p99".padStart(11)} ${"per channel".padStart(11)}`,
    ...lines,
  ].join("\n");
}

const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
const folder = mkdtempSync(join(tmpdir(), "adit-bench-"));
const retention = { minuteDays: 3, hourDays: 90, dayDays: 3_650 };
const ledger = new TimedLedger({ file: join(folder, "ledger.db"), durability: "full", retention });
const results: { readonly channels: number; readonly rows: readonly Row[] }[] = [];
try {
  for (const channels of CHANNELS) results.push({ channels, rows: await measure(ledger, channels) });
} finally {
  await ledger.close();
  rmSync(folder, { recursive: true });
}
if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ machine, flushes: FLUSHES, results }, null, 2)}\n`);
} else {
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${FLUSHES} flushes each, ledger in ${tmpdir()}\n\n` +
      `${results.map(({ channels, rows }) => table(channels, rows)).join("\n\n")}\n`,
  );
}
