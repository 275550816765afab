/**
 * `npm run bench`: the same shares validated by plain JS, node:crypto, WASM (scalar, SIMD) and the worker pool. Prints a
 * table with ratios, or with --json one object for programs.
 */

import { cpus } from "node:os";
import { createValidator, type ShareValidator } from "adit-pool/sharecore";
import { Bench } from "tinybench";
import { validateWithNodeCrypto } from "./node-crypto.ts";
import { type ShareSet, shareSet } from "./share-set.ts";

/** One call validates so many shares: a busy turn of the pool's event loop. */
const BATCH = 1024;
const MEASURE_MS = 1_500;
const WARM_UP_MS = 300;

type Row = { readonly name: string; readonly nsPerShare: number; readonly timesPlainJs: number };

/** Fills a batch and hands it over; resolves with its verdicts. */
function validateAll(validator: ShareValidator, set: ShareSet): () => Promise<void> {
  const job = validator.addJob(set.job);
  const batch = validator.createBatch(BATCH);
  // All fields written out: the engine gives such objects one shape, and copies by spreading several.
  const shares = set.shares.map(({ version, ntime, nonce, extranonce }) => {
    return { job, version, ntime, nonce, extranonce, target: set.target };
  });
  return () =>
    new Promise((resolve, reject) => {
      batch.clear();
      for (const share of shares) batch.push(share);
      const taken = validator.submit(batch, (verdicts) => {
        if (verdicts.count !== BATCH) reject(new Error(`${verdicts.count} verdicts for ${BATCH} shares`));
        // The batch is ours again when this callback has returned.
        queueMicrotask(resolve);
      });
      if (!taken) reject(new Error("the validator is full"));
    });
}

async function measure(kind: "standard" | "extended"): Promise<Row[]> {
  const set = shareSet(kind, BATCH);
  const validators: [string, ShareValidator][] = [
    ["plain JS", createValidator({ backend: "js" })],
    ["WASM scalar", createValidator({ backend: "wasm-scalar" })],
    ["WASM SIMD batch", createValidator({ backend: "wasm" })],
    ["worker pool", createValidator({ backend: "workers" })],
  ];
  const bench = new Bench({ time: MEASURE_MS, warmupTime: WARM_UP_MS, warmupIterations: 2 });
  for (const [name, validator] of validators) bench.add(name, validateAll(validator, set), { async: true });
  bench.add("node:crypto", () => {
    validateWithNodeCrypto(set);
  });
  await bench.run();
  for (const [, validator] of validators) await validator.close();
  const times = bench.tasks.map(({ name, result }) => {
    if (!("latency" in result)) throw new Error(`${name} was not measured: ${JSON.stringify(result)}`);
    // tinybench gives milliseconds per call; the median is not moved by a pause of the machine.
    return { name, nsPerShare: (result.latency.p50 * 1e6) / BATCH };
  });
  const plain = times.find(({ name }) => name === "plain JS")?.nsPerShare ?? Number.NaN;
  return times
    .map((row) => ({ ...row, timesPlainJs: plain / row.nsPerShare }))
    .sort((a, b) => b.nsPerShare - a.nsPerShare);
}

function table(kind: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ name, nsPerShare, timesPlainJs }) =>
      `${name.padEnd(18)} ${nsPerShare.toFixed(0).padStart(8)} ns ${(1e9 / nsPerShare / 1000).toFixed(0).padStart(8)} k/s ${timesPlainJs.toFixed(2).padStart(8)} ×`,
  );
  return [
    `${kind} shares`,
    `${"".padEnd(18)} ${"per share".padStart(11)} ${"shares".padStart(12)} ${"plain JS".padStart(10)}`,
    ...lines,
  ].join("\n");
}

const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
const standard = await measure("standard");
const extended = await measure("extended");
if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ machine, batch: BATCH, standard, extended }, null, 2)}\n`);
} else {
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; batches of ${BATCH} shares\n\n` +
      `${table("Standard", standard)}\n\n${table("Extended (coinbase of 300 bytes, 12 merkle levels)", extended)}\n`,
  );
}
